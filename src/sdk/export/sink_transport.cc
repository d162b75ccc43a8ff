// SPDX-License-Identifier: Apache-2.0
#include "sdk/export/sink_transport.h"

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

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
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Job> jobs;                               // guarded by mutex
  std::function<void(Transport::Outcome)> under_way;  // guarded by mutex; null: idle
  bool closed = false;                                // guarded by mutex
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
  std::unique_lock lock(line->mutex);
  while (true) {
    line->changed.wait(lock, [&line] { return line->closed || !line->jobs.empty(); });
    if (line->closed) return;
    const Job job = std::move(line->jobs.front());
    line->jobs.pop_front();
    line->under_way = job.done;
    lock.unlock();
    Status status = ExportTo(*sink, job);
    lock.lock();
    const auto done = std::exchange(line->under_way, nullptr);
    if (done == nullptr) return;  // cancelled meanwhile
    lock.unlock();
    done({std::move(status), 0, {}});
    lock.lock();
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
      std::lock_guard lock(line_->mutex);
      line_->closed = true;
      left.swap(line_->jobs);
      under_way = std::exchange(line_->under_way, nullptr);
      line_->changed.notify_one();
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
    std::lock_guard lock(line_->mutex);
    line_->jobs.push_back({std::move(request), timeout, std::move(done)});
    line_->changed.notify_one();
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
