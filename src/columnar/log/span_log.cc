// SPDX-License-Identifier: Apache-2.0
#include "columnar/log/span_log.h"

#include <optional>
#include <utility>

#include "columnar/log/logged_request.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;

journal::LogOptions LogOptionsOf(const EngineOptions& options, const StoreLayout& layout) {
  return {.paths = layout.Log(),
          .durability = options.durability,
          .group_commit_bytes = options.group_commit_bytes,
          .max_file_bytes = options.max_log_file_bytes,
          .idle = options.log_idle,
          .max_waiting_bytes = options.max_waiting_bytes,
          .max_wait = options.max_log_wait};
}

journal::LogCounters CountersIn(base::MetricRegistry& metrics) {
  return {metrics.AddCounter("spandrel_store_log_syncs_total"),
          metrics.AddCounter("spandrel_store_log_written_bytes_total"),
          metrics.AddCounter("spandrel_store_log_failures_total")};
}

}  // namespace

// A batch on its way through the log.
class SpanLog::Entry final : public journal::Record {
 public:
  Entry(SpanLog& log, std::string tenant, span::SpanBatch&& batch, storage::Completion done)
      : log_(log), tenant_(std::move(tenant)), batch_(std::move(batch)), done_(std::move(done)) {
    if (log.is_written_) request_.emplace(batch_);
  }

  std::string_view Key() const override { return tenant_; }
  uint64_t byte_size() const override {
    return request_ ? request_->byte_size() : batch_.byte_size();
  }
  std::vector<std::string_view> Payload() const override { return request_->pieces(); }
  void Publish(uint64_t sequence) override { log_.publish_(tenant_, batch_, sequence); }
  void Complete(const Status& status) override {
    if (!status.ok()) log_.refused_.Add(batch_.span_count());
    done_(status.Annotate("store"));
  }

 private:
  SpanLog& log_;
  const std::string tenant_;
  const span::SpanBatch batch_;
  const storage::Completion done_;
  std::optional<LoggedRequest> request_;  // none of a log that is in memory only
};

Result<std::unique_ptr<SpanLog>> SpanLog::Open(const EngineOptions& options,
                                               const StoreLayout& layout, journal::LogReplay found,
                                               base::MetricRegistry& metrics, Publish publish,
                                               disk::SpaceReserve* reserve,
                                               journal::LogFiles::EpochSource new_epoch,
                                               std::function<Status()> check_place) {
  std::unique_ptr<SpanLog> log(new SpanLog(options, metrics, std::move(publish)));
  journal::LogOptions log_options = LogOptionsOf(options, layout);
  log_options.check_place = std::move(check_place);
  auto writer = journal::LogWriter::Open(log_options, std::move(found), CountersIn(metrics),
                                         reserve, std::move(new_epoch));
  if (!writer.ok()) return writer.status();
  log->writer_ = *std::move(writer);
  return log;
}

SpanLog::SpanLog(const EngineOptions& options, base::MetricRegistry& metrics, Publish publish)
    : is_written_(options.durability != Durability::kMemory),
      publish_(std::move(publish)),
      refused_(metrics.AddCounter("spandrel_store_refused_spans_total", {{"reason", "log"}})) {}

void SpanLog::Append(std::string tenant, span::SpanBatch&& batch, storage::Completion done) {
  writer_->Append(
      std::make_unique<Entry>(*this, std::move(tenant), std::move(batch), std::move(done)));
}

}  // namespace spandrel::columnar
