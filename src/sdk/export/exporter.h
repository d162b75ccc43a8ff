// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "sdk/export/loss_reporter.h"
#include "sdk/export/spool.h"
#include "sdk/export/transport.h"
#include "sdk/record/span_buffer.h"

namespace spandrel::sdk {

// One thread that takes ended spans out of the buffer and sends them: several requests at once, the
// more in each the slower the collector; refused ones again after a pause that grows, or that the
// collector names, and then one at a time until one is taken. With a spool, what piles up meanwhile
// goes to disk, and comes back one request at a time. Sleeps while there is nothing to send.
class Exporter {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // `resource` is the encoded content of ResourceSpans before its scopes. The buffer and the
  // counters outlive the exporter.
  Exporter(const ExportOptions& options, std::string resource, SpanBuffer& buffer,
           ExportCounters& counters, TransportFactory connect);
  ~Exporter() { Stop(); }

  // There are spans in the buffer; urgently: enough for a request.
  void Notify(bool urgent);
  // Sends all that is in the buffer now. True when all of it was acknowledged by `deadline`.
  bool Flush(TimePoint deadline);
  // Gives up what is not acknowledged, counts it as lost by shutdown, and ends the thread.
  void Stop();

 private:
  struct Request {
    std::shared_ptr<const std::string> bytes;
    size_t buffered_bytes = 0;
    size_t spans = 0;
    uint64_t epoch = 0;  // one more than the number of flushes before it was made
    TimePoint made_at;
    TimePoint sent_at;
    std::string spool_name;  // of one that comes from the spool
  };
  struct Completion {
    uint64_t number = 0;
    Transport::Outcome outcome;
  };
  // What the exporter's thread, the transport's threads and the callers share. Outlives the
  // exporter while answers are under way.
  struct Shared {
    base::Mutex mutex;
    base::CondVar changed;  // for the exporter's thread
    base::CondVar settled;  // for Flush
    std::vector<Completion> completions SPANDREL_GUARDED_BY(mutex);
    bool has_data SPANDREL_GUARDED_BY(mutex) = false;
    bool urgent SPANDREL_GUARDED_BY(mutex) = false;
    bool stopping SPANDREL_GUARDED_BY(mutex) = false;
    bool stopped SPANDREL_GUARDED_BY(mutex) = false;
    uint64_t flushes_wanted SPANDREL_GUARDED_BY(mutex) = 0;
    uint64_t flushes_taken SPANDREL_GUARDED_BY(mutex) = 0;
    // Requests without a final answer, by epoch.
    std::map<uint64_t, size_t> unsettled SPANDREL_GUARDED_BY(mutex);
  };
  struct News {
    std::vector<Completion> completions;
    bool collect = false;
    bool stopping = false;
    uint64_t flushes = 0;
  };

  void Run();
  News WaitForNews();
  TimePoint NextWakeUp() const;
  bool CanSend(TimePoint now) const;
  void Collect(uint64_t flushes);
  Request MakeRequest(SpanBuffer::Blocks blocks, uint64_t epoch) const;
  void SendReady();
  bool SpoolMaySend() const;
  void SendFromSpool();
  void Send(Request request);
  void Settle(const Completion& completion);
  void ReportOperation(const Request& request, const base::Status& status) const;
  void SettleSpooled(const Request& request, const Transport::Outcome& outcome);
  void Retry(Request request, const base::Status& status);
  void PauseSending(const base::Status& status);
  bool KeepOnDisk(const Request& request);
  void SpoolReady();
  void Finish(const Request& request);
  void Abandon();

  const ExportOptions options_;
  const std::string resource_;
  SpanBuffer& buffer_;
  ExportCounters& counters_;
  const TransportFactory connect_;
  const std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();

  // Only the exporter's thread uses these.
  std::unique_ptr<Transport> transport_;
  std::deque<Request> ready_;
  std::map<uint64_t, Request> in_flight_;  // by number
  uint64_t requests_sent_ = 0;
  std::unique_ptr<Spool> spool_;  // null: none
  bool spool_in_flight_ = false;
  bool spool_busy_elsewhere_ = false;  // another process sends what is in the spool
  int failures_in_a_row_ = 0;
  TimePoint resume_at_{};
  TimePoint collect_at_ = TimePoint::max();
  LossReporter reporter_;

  std::thread thread_;
};

}  // namespace spandrel::sdk
