// SPDX-License-Identifier: Apache-2.0
#include "sdk/exporter.h"

#include <algorithm>
#include <utility>

#include "sdk/id_generator.h"
#include "sdk/request_encoder.h"

namespace spandrel::sdk {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kFirstPause{200};
constexpr milliseconds kLongestPause{10'000};

// 200 ms, 400 ms ... 10 s, of which a random part of up to a quarter is taken off.
milliseconds PauseAfter(int failures_in_a_row) {
  const int doublings = std::min(failures_in_a_row - 1, 6);
  const milliseconds full = std::min(kLongestPause, kFirstPause * (1 << doublings));
  return full - full / 4 * (RandomId() % 1024) / 1024;
}

}  // namespace

Exporter::Exporter(const ExportOptions& options, std::string resource, SpanBuffer& buffer,
                   ExportCounters& counters, TransportFactory connect)
    : options_(options),
      resource_(std::move(resource)),
      buffer_(buffer),
      counters_(counters),
      connect_(std::move(connect)),
      thread_([this] { Run(); }) {}

void Exporter::Notify(bool urgent) {
  std::lock_guard lock(shared_->mutex);
  shared_->has_data = true;
  shared_->urgent |= urgent;
  shared_->changed.notify_one();
}

bool Exporter::Flush(TimePoint deadline) {
  std::unique_lock lock(shared_->mutex);
  const uint64_t lost_before = counters_.lost();
  const uint64_t ticket = ++shared_->flushes_wanted;
  shared_->changed.notify_one();
  const auto done = [this, ticket] {
    if (shared_->stopped) return true;
    return shared_->flushes_taken >= ticket &&
           (shared_->unsettled.empty() || shared_->unsettled.begin()->first > ticket);
  };
  return shared_->settled.wait_until(lock, deadline, done) && !shared_->stopped &&
         counters_.lost() == lost_before;
}

void Exporter::Stop() {
  {
    std::lock_guard lock(shared_->mutex);
    shared_->stopping = true;
    shared_->changed.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void Exporter::Run() {
  transport_ = connect_(options_);
  while (true) {
    News news = WaitForNews();
    for (Completion& completion : news.completions) Settle(std::move(completion));
    if (news.stopping) break;
    if (news.collect) Collect(news.flushes);
    SendReady();
  }
  Abandon();
}

Exporter::News Exporter::WaitForNews() {
  std::unique_lock lock(shared_->mutex);
  const auto has_news = [this] {
    return shared_->stopping || shared_->urgent || !shared_->completions.empty() ||
           shared_->flushes_wanted > shared_->flushes_taken ||
           (shared_->has_data && collect_at_ == TimePoint::max());
  };
  if (const TimePoint wake_up = NextWakeUp(); wake_up == TimePoint::max()) {
    shared_->changed.wait(lock, has_news);
  } else {
    shared_->changed.wait_until(lock, wake_up, has_news);
  }

  const TimePoint now = steady_clock::now();
  News news;
  news.completions.swap(shared_->completions);
  news.stopping = shared_->stopping;
  if (std::exchange(shared_->urgent, false)) collect_at_ = now;
  if (std::exchange(shared_->has_data, false)) {
    collect_at_ = std::min(collect_at_, now + options_.schedule_delay);
  }
  const bool flush = shared_->flushes_wanted > shared_->flushes_taken;
  if (flush) resume_at_ = now;
  news.flushes = shared_->flushes_wanted;
  news.collect = flush || (collect_at_ <= now && ready_.empty() && CanSend(now));
  return news;
}

bool Exporter::CanSend(TimePoint now) const {
  const size_t allowed = failures_in_a_row_ > 0 ? 1 : options_.max_requests_in_flight;
  return in_flight_ < allowed && now >= resume_at_;
}

// While the collector is busy the spans stay in the buffer, where they join into larger requests.
Exporter::TimePoint Exporter::NextWakeUp() const {
  const size_t allowed = failures_in_a_row_ > 0 ? 1 : options_.max_requests_in_flight;
  if (in_flight_ >= allowed) return TimePoint::max();
  if (!ready_.empty()) return resume_at_;
  return collect_at_ == TimePoint::max() ? collect_at_ : std::max(collect_at_, resume_at_);
}

void Exporter::Collect(uint64_t flushes) {
  collect_at_ = TimePoint::max();
  uint64_t epoch;
  {
    std::lock_guard lock(shared_->mutex);
    epoch = shared_->flushes_taken + 1;
  }
  for (SpanBuffer::Blocks& blocks : CutIntoRequests(buffer_.TakeAll(), options_)) {
    ready_.push_back(MakeRequest(std::move(blocks), epoch));
    unacknowledged_spans_ += ready_.back().spans;
    std::lock_guard lock(shared_->mutex);
    ++shared_->unsettled[epoch];
  }
  reporter_.Lost(counters_.lost() + buffer_.counts().dropped_buffer_full, "the buffer is full");
  std::lock_guard lock(shared_->mutex);
  shared_->flushes_taken = flushes;
  shared_->settled.notify_all();
}

Exporter::Request Exporter::MakeRequest(SpanBuffer::Blocks blocks, uint64_t epoch) const {
  Request request;
  request.epoch = epoch;
  request.made_at = steady_clock::now();
  for (const auto& block : blocks) {
    request.buffered_bytes += block->size;
    request.spans += block->spans;
  }
  request.bytes = std::make_shared<const std::string>(EncodeRequest(resource_, blocks));
  for (auto& block : blocks) buffer_.Recycle(std::move(block));
  return request;
}

void Exporter::SendReady() {
  while (!ready_.empty() && CanSend(steady_clock::now())) {
    Request request = std::move(ready_.front());
    ready_.pop_front();
    Send(std::move(request));
  }
}

void Exporter::Send(Request request) {
  ++in_flight_;
  std::shared_ptr<const std::string> bytes = request.bytes;
  transport_->Send(std::move(bytes), options_.timeout,
                   [shared = shared_, request = std::move(request)](Transport::Outcome outcome) {
                     std::lock_guard lock(shared->mutex);
                     shared->completions.push_back({request, std::move(outcome)});
                     shared->changed.notify_one();
                   });
}

void Exporter::Settle(Completion completion) {
  --in_flight_;
  const Request& request = completion.request;
  const Transport::Outcome& outcome = completion.outcome;
  if (outcome.status.retryable()) return Retry(request, outcome.status);
  failures_in_a_row_ = 0;
  if (outcome.status.ok()) {
    const uint64_t rejected = std::min<uint64_t>(outcome.rejected_spans, request.spans);
    counters_.exported += request.spans - rejected;
    counters_.rejected += rejected;
    if (rejected > 0) reporter_.Lost(counters_.lost(), "rejected: " + outcome.message);
  } else {
    counters_.rejected += request.spans;
    reporter_.Lost(counters_.lost(), outcome.status.ToString());
  }
  Finish(request);
}

void Exporter::Retry(Request request, const base::Status& status) {
  const TimePoint now = steady_clock::now();
  ++failures_in_a_row_;
  resume_at_ = now + std::max(PauseAfter(failures_in_a_row_),
                              status.retry_after().value_or(milliseconds(0)));
  reporter_.OutageBegins(status.ToString());
  if (now - request.made_at < options_.max_retry_time) {
    ready_.push_front(std::move(request));
    return;
  }
  counters_.retry_expired += request.spans;
  reporter_.Lost(counters_.lost(), "refused for too long: " + status.ToString());
  Finish(request);
}

void Exporter::Finish(const Request& request) {
  buffer_.Release(request.buffered_bytes, request.spans);
  unacknowledged_spans_ -= request.spans;
  std::lock_guard lock(shared_->mutex);
  const auto found = shared_->unsettled.find(request.epoch);
  if (--found->second == 0) shared_->unsettled.erase(found);
  shared_->settled.notify_all();
}

void Exporter::Abandon() {
  transport_.reset();
  ready_.clear();
  size_t lost = unacknowledged_spans_;
  for (auto& block : buffer_.TakeAll()) {
    lost += block->spans;
    buffer_.Release(block->size, block->spans);
  }
  counters_.shutdown += lost;
  reporter_.Lost(counters_.lost(), "not acknowledged before the shutdown");
  std::lock_guard lock(shared_->mutex);
  shared_->stopped = true;
  shared_->settled.notify_all();
}

}  // namespace spandrel::sdk
