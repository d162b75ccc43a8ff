// SPDX-License-Identifier: Apache-2.0
#include "sdk/export/sink_transport.h"

#include <deque>
#include <exception>
#include <string>
#include <thread>
#include <utility>

#include "base/mutex.h"
#include "base/thread.h"

namespace spandrel::sdk {
namespace {

using base::Status;
using base::StatusCode;

struct Job {
  std::shared_ptr<const std::string> request;
  std::chrono::milliseconds timeout;
  std::function<void(Transport::Outcome)> done;
};

// What the thread and the transport share.
struct Line {
  base::Mutex mutex;
  base::CondVar changed;
  std::deque<Job> jobs SPANDREL_GUARDED_BY(mutex);
  std::function<void(Transport::Outcome)> under_way SPANDREL_GUARDED_BY(mutex);  // null: idle
  bool closed SPANDREL_GUARDED_BY(mutex) = false;
};

Status ExportTo(RequestSink& sink, const Job& job) {
  try {
    if (sink.Export(*job.request, job.timeout)) return {};
    return {StatusCode::kUnavailable, "the exporter refuses"};
  } catch (const std::exception& exception) {
    return {StatusCode::kInternal, std::string("the exporter throws: ") + exception.what()};
  }
}

void Serve(const std::shared_ptr<Line>& line, const std::shared_ptr<RequestSink>& sink) {
  base::NameThisThread("spandrel-sink");
  base::MutexLock lock(line->mutex);
  while (true) {
    line->changed.Wait(lock, [&line]() SPANDREL_REQUIRES(line->mutex) {
      return line->closed || !line->jobs.empty();
    });
    if (line->closed) return;
    const Job job = std::move(line->jobs.front());
    line->jobs.pop_front();
    line->under_way = job.done;
    lock.Unlock();
    Status status = ExportTo(*sink, job);
    lock.Lock();
    const auto done = std::exchange(line->under_way, nullptr);
    if (done == nullptr) return;  // cancelled meanwhile
    lock.Unlock();
    done({std::move(status), 0, {}});
    lock.Lock();
  }
}

class SinkTransport final : public Transport {
 public:
  explicit SinkTransport(std::shared_ptr<RequestSink> sink)
      : thread_([line = line_, sink = std::move(sink)] { Serve(line, sink); }) {}

  ~SinkTransport() override {
    std::deque<Job> left;
    std::function<void(Outcome)> under_way;
    {
      base::MutexLock lock(line_->mutex);
      line_->closed = true;
      left.swap(line_->jobs);
      under_way = std::exchange(line_->under_way, nullptr);
      line_->changed.NotifyOne();
    }
    const Status cancelled(StatusCode::kCancelled, "the exporter is closed");
    for (Job& job : left) job.done({cancelled, 0, {}});
    if (under_way == nullptr) {
      thread_.join();
    } else {
      under_way({cancelled, 0, {}});
      thread_.detach();
    }
  }

  void Send(std::shared_ptr<const std::string> request, std::chrono::milliseconds timeout,
            std::function<void(Outcome)> done) override {
    base::MutexLock lock(line_->mutex);
    line_->jobs.push_back({std::move(request), timeout, std::move(done)});
    line_->changed.NotifyOne();
  }

 private:
  const std::shared_ptr<Line> line_ = std::make_shared<Line>();
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Transport> MakeSinkTransport(std::shared_ptr<RequestSink> sink) {
  return std::make_unique<SinkTransport>(std::move(sink));
}

}  // namespace spandrel::sdk
