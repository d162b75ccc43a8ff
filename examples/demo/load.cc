// SPDX-License-Identifier: Apache-2.0
#include "load.h"

#include <curl/curl.h>

#include <chrono>
#include <random>
#include <utility>

namespace spandrel::demo {
namespace {

constexpr int kMostUnderWay = 16;
constexpr const char* kCustomers[] = {"123", "392", "567", "731"};

size_t Ignore(char*, size_t, size_t size, void*) {
  return size;
}

}  // namespace

Load::Load(std::string dispatch_url, double requests_per_second)
    : dispatch_url_(std::move(dispatch_url)), requests_per_second_(requests_per_second) {
  if (requests_per_second_ > 0) thread_ = std::thread([this] { Run(); });
}

Load::~Load() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return under_way_ == 0; });
}

void Load::Run() {
  std::mt19937 random{std::random_device()()};
  std::exponential_distribution<double> pause(requests_per_second_);
  std::unique_lock lock(mutex_);
  while (true) {
    const std::chrono::duration<double> wait(pause(random));
    if (changed_.wait_for(lock, wait, [this] { return stopping_; })) return;
    if (under_way_ >= kMostUnderWay) continue;
    ++under_way_;
    const std::string url = dispatch_url_ + kCustomers[random() % std::size(kCustomers)];
    std::thread([this, url] { Order(url); }).detach();
  }
}

void Load::Order(const std::string& url) {
  CURL* const curl = curl_easy_init();
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 30'000L);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, Ignore);
  (void)curl_easy_perform(curl);
  curl_easy_cleanup(curl);
  std::lock_guard lock(mutex_);
  --under_way_;
  changed_.notify_all();
}

}  // namespace spandrel::demo
