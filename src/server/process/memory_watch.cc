// SPDX-License-Identifier: Apache-2.0
#include "server/process/memory_watch.h"

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/thread.h"
#include "server/process/process.h"

namespace spandrel::server {
namespace {

constexpr std::chrono::milliseconds kInterval{50};
// Of the ceiling: from where on memory is given back, from where on nothing is taken in, and below
// what something is again.
constexpr double kReleaseFrom = 0.80;
constexpr double kCloseFrom = 0.94;
constexpr double kOpenBelow = 0.88;
// Giving back costs faults later, so it is not done again before so much has come on top.
constexpr double kStep = 0.02;
constexpr unsigned kMostPatience = 64;
// Of what requests may have: the least after closings, and what comes back with each look.
constexpr double kLeastWidth = 1.0 / 16;
constexpr double kWiden = 1.0 / 64;

}  // namespace

MemoryWatch::MemoryWatch(WatchedMemory watched, base::MetricRegistry& metrics)
    : watched_(std::move(watched)),
      ceiling_(static_cast<double>(watched_.ceiling)),
      full_requests_(watched_.requests.limit()),
      releases_(metrics.AddCounter("spandrel_memory_releases_total")),
      closings_(metrics.AddCounter("spandrel_memory_closings_total")) {}

void MemoryWatch::Start() {
  thread_ = std::thread([this] { Run(); });
}

void MemoryWatch::Stop() {
  {
    const base::MutexLock lock(mutex_);
    stopping_ = true;
    wake_.NotifyOne();
  }
  if (thread_.joinable()) thread_.join();
}

void MemoryWatch::Run() {
  base::NameThisThread("spandrel-mem");
  base::MutexLock lock(mutex_);
  const auto is_over = [this]() SPANDREL_REQUIRES(mutex_) { return stopping_; };
  while (!wake_.WaitFor(lock, kInterval, is_over)) {
    lock.Unlock();
    Look(ResidentBytes);
    lock.Lock();
  }
}

void MemoryWatch::Look(const std::function<double()>& resident) {
  double now = resident();
  floor_ = std::min(floor_, now);
  if (now <= kReleaseFrom * ceiling_) {
    patience_ = looks_to_skip_ = 0;
  } else if (looks_to_skip_ > 0) {
    --looks_to_skip_;
  } else if (now > floor_ + kStep * ceiling_) {
    now = Release(now, resident);
  }
  if (now > kCloseFrom * ceiling_ && !closed_) return Close();
  if (now < kOpenBelow * ceiling_) Widen();
}

double MemoryWatch::Release(double before, const std::function<double()>& resident) {
  releases_.Add();
  watched_.release();
  ::malloc_trim(0);
  floor_ = resident();
  const bool helped = floor_ < before - kStep * ceiling_;
  patience_ = helped ? 0 : std::clamp(2 * patience_, 1U, kMostPatience);
  looks_to_skip_ = patience_;
  return floor_;
}

void MemoryWatch::Close() {
  closings_.Add();
  closed_ = true;
  width_ = std::max(width_ / 2, kLeastWidth);
  watched_.requests.SetLimit(0);
  if (watched_.set_short) watched_.set_short(true);
}

void MemoryWatch::Widen() {
  if (closed_) {
    closed_ = false;
    if (watched_.set_short) watched_.set_short(false);
  } else if (width_ < 1) {
    width_ = std::min(1.0, width_ + kWiden);
  } else {
    return;
  }
  SetRequests();
}

void MemoryWatch::SetRequests() const {
  const size_t least = std::min(watched_.least_requests, full_requests_);
  const double more = width_ * static_cast<double>(full_requests_ - least);
  watched_.requests.SetLimit(least + static_cast<size_t>(more));
}

}  // namespace spandrel::server
