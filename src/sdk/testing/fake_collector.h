// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "sdk/export/transport.h"

namespace spandrel::sdk {

namespace otlp = opentelemetry::proto;

// A collector in the test's own process, behind Transport: answers as the test says, parses what it
// accepts with the official classes, and lets the test wait for it. Outlives the providers that use
// it.
class FakeCollector {
 public:
  // The answer to the request with this number, from 0. Called on the exporter's thread.
  using Answer = std::function<Transport::Outcome(int number)>;

  explicit FakeCollector(Answer answer = nullptr, std::chrono::milliseconds latency = {})
      : answer_(std::move(answer)), latency_(latency), clock_([this] { AnswerWhenDue(); }) {}
  ~FakeCollector() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
      changed_.notify_all();
    }
    clock_.join();
  }

  TransportFactory factory() {
    return [this](const ExportOptions&) { return std::make_unique<Link>(*this); };
  }
  // Requests get no answer from now on.
  void Hang() { hanging_ = true; }

  // All spans of accepted requests.
  std::vector<otlp::trace::v1::Span> Spans() {
    std::vector<otlp::trace::v1::Span> spans;
    std::lock_guard lock(mutex_);
    for (const auto& request : accepted_) {
      for (const auto& resource : request.resource_spans()) {
        for (const auto& scope : resource.scope_spans()) {
          spans.insert(spans.end(), scope.spans().begin(), scope.spans().end());
        }
      }
    }
    return spans;
  }
  std::vector<otlp::collector::trace::v1::ExportTraceServiceRequest> Requests() {
    std::lock_guard lock(mutex_);
    return accepted_;
  }
  int calls() {
    std::lock_guard lock(mutex_);
    return calls_;
  }
  int most_at_once() {
    std::lock_guard lock(mutex_);
    return most_at_once_;
  }
  bool all_parsed() {
    std::lock_guard lock(mutex_);
    return all_parsed_;
  }
  template <typename Condition>
  bool WaitFor(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), condition);
  }
  bool WaitForCalls(int count) {
    return WaitFor([this, count] { return calls_ >= count; });
  }

 private:
  using Done = std::function<void(Transport::Outcome)>;
  struct Pending {
    std::chrono::steady_clock::time_point due;
    Transport::Outcome outcome;
    Done done;
  };

  class Link final : public Transport {
   public:
    explicit Link(FakeCollector& collector) : collector_(collector) {}
    ~Link() override { collector_.CancelAll(); }
    void Send(std::shared_ptr<const std::string> request, std::chrono::milliseconds,
              Done done) override {
      collector_.Receive(*request, std::move(done));
    }

   private:
    FakeCollector& collector_;
  };

  void Receive(const std::string& bytes, Done done) {
    std::lock_guard lock(mutex_);
    const int number = calls_++;
    most_at_once_ = std::max(most_at_once_, static_cast<int>(pending_.size()) + 1);
    Transport::Outcome outcome = answer_ ? answer_(number) : Transport::Outcome{};
    if (outcome.status.ok() && !hanging_) {
      accepted_.emplace_back();
      all_parsed_ &= accepted_.back().ParseFromString(bytes);
    }
    pending_.push_back(
        {std::chrono::steady_clock::now() + latency_, std::move(outcome), std::move(done)});
    changed_.notify_all();
  }
  void CancelAll() {
    std::deque<Pending> cancelled;
    {
      std::lock_guard lock(mutex_);
      cancelled.swap(pending_);
    }
    for (Pending& pending : cancelled) {
      pending.done({{base::StatusCode::kCancelled, "the channel is closed"}, 0, {}});
    }
  }
  void AnswerWhenDue() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      if (pending_.empty() || hanging_) {
        changed_.wait(lock);
        continue;
      }
      if (changed_.wait_until(lock, pending_.front().due) == std::cv_status::no_timeout) continue;
      if (pending_.empty()) continue;
      Pending pending = std::move(pending_.front());
      pending_.pop_front();
      lock.unlock();
      pending.done(std::move(pending.outcome));
      lock.lock();
    }
  }

  const Answer answer_;
  const std::chrono::milliseconds latency_;
  std::atomic<bool> hanging_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<otlp::collector::trace::v1::ExportTraceServiceRequest> accepted_;
  std::deque<Pending> pending_;
  int calls_ = 0;
  int most_at_once_ = 0;
  bool all_parsed_ = true;
  bool stopping_ = false;
  std::thread clock_;
};

}  // namespace spandrel::sdk
