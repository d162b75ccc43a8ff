// SPDX-License-Identifier: Apache-2.0
#include "sdk/export/exporter.h"

#include <algorithm>
#include <utility>

#include "base/thread.h"
#include "sdk/export/request_encoder.h"
#include "sdk/process/id_generator.h"

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

std::string NameOfCollector(const ExportOptions& options) {
  if (options.sink != nullptr) return "the exporter";
  return "the collector at " + (options.endpoint.empty() ? "localhost" : options.endpoint);
}

}  // namespace

Exporter::Exporter(const ExportOptions& options, std::string resource, SpanBuffer& buffer,
                   ExportCounters& counters, TransportFactory connect)
    : options_(options),
      resource_(std::move(resource)),
      buffer_(buffer),
      counters_(counters),
      connect_(std::move(connect)),
      reporter_(NameOfCollector(options)),
      thread_([this] { Run(); }) {}

void Exporter::Notify(bool urgent) {
  base::MutexLock lock(shared_->mutex);
  shared_->has_data = true;
  shared_->urgent |= urgent;
  shared_->changed.NotifyOne();
}

bool Exporter::Flush(TimePoint deadline) {
  base::MutexLock lock(shared_->mutex);
  const uint64_t lost_before = counters_.lost() + counters_.spooled;
  const uint64_t ticket = ++shared_->flushes_wanted;
  shared_->changed.NotifyOne();
  const auto done = [this, ticket]() SPANDREL_REQUIRES(shared_->mutex) {
    if (shared_->stopped) return true;
    return shared_->flushes_taken >= ticket &&
           (shared_->unsettled.empty() || shared_->unsettled.begin()->first > ticket);
  };
  return shared_->settled.WaitUntil(lock, deadline, done) && !shared_->stopped &&
         counters_.lost() + counters_.spooled == lost_before;
}

void Exporter::Stop() {
  {
    base::MutexLock lock(shared_->mutex);
    shared_->stopping = true;
    shared_->changed.NotifyOne();
  }
  if (thread_.joinable()) thread_.join();
}

void Exporter::Run() {
  base::NameThisThread("spandrel-export");
  transport_ = connect_(options_);
  if (!options_.spool_directory.empty()) {
    spool_ = std::make_unique<Spool>(options_.spool_directory, options_.max_spool_bytes);
  }
  while (true) {
    const News news = WaitForNews();
    for (const Completion& completion : news.completions) Settle(completion);
    if (news.stopping) break;
    if (news.collect) Collect(news.flushes);
    SpoolReady();
    SendReady();
    SendFromSpool();
  }
  Abandon();
}

Exporter::News Exporter::WaitForNews() {
  base::MutexLock lock(shared_->mutex);
  const auto has_news = [this]() SPANDREL_REQUIRES(shared_->mutex) {
    return shared_->stopping || shared_->urgent || !shared_->completions.empty() ||
           shared_->flushes_wanted > shared_->flushes_taken ||
           (shared_->has_data && collect_at_ == TimePoint::max());
  };
  if (const TimePoint wake_up = NextWakeUp(); wake_up == TimePoint::max()) {
    shared_->changed.Wait(lock, has_news);
  } else {
    shared_->changed.WaitUntil(lock, wake_up, has_news);
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
  const bool to_spool = spool_ != nullptr && failures_in_a_row_ > 0;
  const bool to_send = ready_.empty() && CanSend(now);
  news.collect = flush || (collect_at_ <= now && (to_spool || to_send));
  return news;
}

bool Exporter::CanSend(TimePoint now) const {
  const size_t allowed = failures_in_a_row_ > 0 ? 1 : options_.max_requests_in_flight;
  return in_flight_.size() < allowed && now >= resume_at_;
}

// While the collector is busy the spans stay in the buffer, where they join into larger requests.
Exporter::TimePoint Exporter::NextWakeUp() const {
  const size_t allowed = failures_in_a_row_ > 0 ? 1 : options_.max_requests_in_flight;
  if (in_flight_.size() >= allowed) return TimePoint::max();
  if (!ready_.empty() || SpoolMaySend()) return resume_at_;
  return collect_at_ == TimePoint::max() ? collect_at_ : std::max(collect_at_, resume_at_);
}

void Exporter::Collect(uint64_t flushes) {
  collect_at_ = TimePoint::max();
  spool_busy_elsewhere_ = false;  // perhaps no more
  uint64_t epoch;
  {
    base::MutexLock lock(shared_->mutex);
    epoch = shared_->flushes_taken + 1;
  }
  for (SpanBuffer::Blocks& blocks : CutIntoRequests(buffer_.TakeAll(), options_)) {
    ready_.push_back(MakeRequest(std::move(blocks), epoch));
    base::MutexLock lock(shared_->mutex);
    ++shared_->unsettled[epoch];
  }
  reporter_.Lost(counters_.lost() + buffer_.counts().dropped_buffer_full, "the buffer is full");
  base::MutexLock lock(shared_->mutex);
  shared_->flushes_taken = flushes;
  shared_->settled.NotifyAll();
}

Exporter::Request Exporter::MakeRequest(SpanBuffer::Blocks blocks, uint64_t epoch) const {
  Request request;
  request.epoch = epoch;
  request.made_at = steady_clock::now();
  for (const auto& block : blocks) {
    request.buffered_bytes += block->held_bytes();
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

bool Exporter::SpoolMaySend() const {
  return spool_ != nullptr && spool_->bytes() > 0 && !spool_in_flight_ && !spool_busy_elsewhere_;
}

// New spans go first.
void Exporter::SendFromSpool() {
  if (!ready_.empty() || !SpoolMaySend() || !CanSend(steady_clock::now())) return;
  std::optional<Spool::Entry> entry = spool_->Oldest();
  counters_.spool_corrupt_files = spool_->corrupt_files();
  spool_busy_elsewhere_ = !entry && spool_->bytes() > 0;
  if (!entry) return;
  spool_in_flight_ = true;
  Request request;
  request.bytes = std::make_shared<const std::string>(std::move(entry->request));
  request.spans = entry->spans;
  request.spool_name = std::move(entry->name);
  Send(std::move(request));
}

void Exporter::Send(Request request) {
  const uint64_t number = requests_sent_++;
  std::shared_ptr<const std::string> bytes = request.bytes;
  counters_.in_flight += request.spans;
  request.sent_at = steady_clock::now();
  in_flight_.emplace(number, std::move(request));
  transport_->Send(std::move(bytes), options_.timeout,
                   [shared = shared_, number](Transport::Outcome outcome) {
                     base::MutexLock lock(shared->mutex);
                     shared->completions.push_back({number, std::move(outcome)});
                     shared->changed.NotifyOne();
                   });
}

void Exporter::Settle(const Completion& completion) {
  const Request request = std::move(in_flight_.extract(completion.number).mapped());
  const Transport::Outcome& outcome = completion.outcome;
  counters_.in_flight -= request.spans;
  ReportOperation(request, outcome.status);
  if (!request.spool_name.empty()) return SettleSpooled(request, outcome);
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

void Exporter::ReportOperation(const Request& request, const base::Status& status) const {
  if (!counters_.operation_ended) return;
  counters_.operation_ended(steady_clock::now() - request.sent_at,
                            status.ok() ? std::string_view() : StatusCodeName(status.code()));
}

void Exporter::SettleSpooled(const Request& request, const Transport::Outcome& outcome) {
  spool_in_flight_ = false;
  if (outcome.status.retryable()) return PauseSending(outcome.status);
  failures_in_a_row_ = 0;
  spool_->Remove(request.spool_name);
  const uint64_t rejected = outcome.status.ok()
                                ? std::min<uint64_t>(outcome.rejected_spans, request.spans)
                                : request.spans;
  counters_.spool_exported += request.spans - rejected;
  counters_.spool_rejected += rejected;
}

// A collector that names a longer pause than spans are kept for is not believed.
void Exporter::PauseSending(const base::Status& status) {
  ++failures_in_a_row_;
  const milliseconds asked = status.retry_after().value_or(milliseconds(0));
  resume_at_ = steady_clock::now() +
               std::max(PauseAfter(failures_in_a_row_), std::min(asked, options_.max_retry_time));
  reporter_.OutageBegins(status.ToString());
}

void Exporter::Retry(Request request, const base::Status& status) {
  PauseSending(status);
  if (steady_clock::now() - request.made_at < options_.max_retry_time) {
    ready_.push_front(std::move(request));
    return;
  }
  if (!KeepOnDisk(request)) {
    counters_.retry_expired += request.spans;
    reporter_.Lost(counters_.lost(), "refused for too long: " + status.ToString());
  }
  Finish(request);
}

bool Exporter::KeepOnDisk(const Request& request) {
  const bool kept =
      spool_ != nullptr && spool_->Write(*request.bytes, static_cast<uint32_t>(request.spans));
  if (kept) counters_.spooled += request.spans;
  return kept;
}

// While the collector is away all but the request that is tried again go to disk.
void Exporter::SpoolReady() {
  if (spool_ == nullptr || failures_in_a_row_ == 0) return;
  while (ready_.size() > 1 && KeepOnDisk(ready_[1])) {
    Finish(ready_[1]);
    ready_.erase(ready_.begin() + 1);
  }
}

void Exporter::Finish(const Request& request) {
  buffer_.Release(request.buffered_bytes, request.spans);
  base::MutexLock lock(shared_->mutex);
  const auto found = shared_->unsettled.find(request.epoch);
  if (--found->second == 0) shared_->unsettled.erase(found);
  shared_->settled.NotifyAll();
}

void Exporter::Abandon() {
  transport_.reset();
  for (auto& [number, request] : in_flight_) {
    if (request.spool_name.empty()) ready_.push_back(std::move(request));
  }
  in_flight_.clear();
  counters_.in_flight = 0;
  size_t lost = 0;
  for (const Request& request : ready_) {
    if (!KeepOnDisk(request)) lost += request.spans;
    buffer_.Release(request.buffered_bytes, request.spans);
  }
  ready_.clear();
  for (SpanBuffer::Blocks& blocks : CutIntoRequests(buffer_.TakeAll(), options_)) {
    const Request request = MakeRequest(std::move(blocks), 0);
    if (!KeepOnDisk(request)) lost += request.spans;
    buffer_.Release(request.buffered_bytes, request.spans);
  }
  spool_.reset();
  counters_.shutdown += lost;
  reporter_.Lost(counters_.lost(), "not acknowledged before the shutdown");
  base::MutexLock lock(shared_->mutex);
  shared_->stopped = true;
  shared_->settled.NotifyAll();
}

}  // namespace spandrel::sdk
