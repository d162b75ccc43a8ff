// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "api/service.h"
#include "conformance/reference_store.h"
#include "conformance/test_spans.h"
#include "wire/otlp/otlp.h"

// Test support: a service over the reference store, asked without sockets.
namespace spandrel::api {

inline constexpr uint64_t kTestNow = 1'700'000'000'000'000'000;

class TestClock final : public base::Clock {
 public:
  uint64_t NowUnixNano() const override { return kTestNow; }
  std::chrono::steady_clock::time_point NowSteady() const override { return {}; }
};

// A request whose whole answer can be waited for. Nobody takes the pieces of a streamed answer
// while `hold` is set.
class TestCall final : public net::ServerCall {
 public:
  explicit TestCall(net::Request request) : request_(std::move(request)) {}
  ~TestCall() override {
    if (is_started_) answer_.set_value(cut_off_);
  }

  net::Response Wait() { return future_.get(); }
  // What Wait returns for an answer that was cut off has this status.
  static constexpr int kCutOff = -1;
  void Cancel() { is_cancelled_ = true; }
  void Hold() { is_held_ = true; }
  size_t pieces() const { return pieces_; }
  std::future<net::Response> TakeFuture() { return std::move(future_); }

  const net::Request& request() const override { return request_; }
  std::string TakeBody(base::ByteBudget::Reservation*) override { return std::move(request_.body); }
  void Respond(net::Response response) override { answer_.set_value(std::move(response)); }
  void Start(int status, net::Headers headers) override {
    is_started_ = true;
    streamed_.status = status;
    streamed_.headers = std::move(headers);
  }
  size_t Write(std::string bytes) override {
    ++pieces_;
    streamed_.body += bytes;
    unsent_ = is_held_ ? unsent_ + bytes.size() : 0;
    return unsent_;
  }
  void Finish(net::Headers trailers) override {
    is_started_ = false;
    streamed_.trailers = std::move(trailers);
    answer_.set_value(std::move(streamed_));
  }
  bool WaitUntilSent(size_t at_most, std::chrono::steady_clock::time_point deadline) override {
    while (!is_cancelled_ && unsent_ > at_most && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    return !is_cancelled_ && unsent_ <= at_most;
  }
  void HoldUntilSent(base::ByteBudget::Reservation memory) override { memory_ = std::move(memory); }
  bool cancelled() const override { return is_cancelled_; }

 private:
  net::Request request_;
  net::Response streamed_;
  net::Response cut_off_{kCutOff, {}, {}, {}};
  bool is_started_ = false;
  std::atomic<bool> is_held_{false};
  std::atomic<bool> is_cancelled_{false};
  std::atomic<size_t> unsent_{0};
  std::atomic<size_t> pieces_{0};
  base::ByteBudget::Reservation memory_;
  std::promise<net::Response> answer_;
  std::future<net::Response> future_ = answer_.get_future();
};

inline net::Request MakeRequest(std::string method, std::string target, std::string body = {}) {
  net::Request request;
  request.method = std::move(method);
  request.target = std::move(target);
  const size_t question = request.target.find('?');
  request.path = request.target.substr(0, question);
  if (question != std::string::npos) request.query = request.target.substr(question + 1);
  request.body = std::move(body);
  request.peer = "127.0.0.1:40000";
  return request;
}

// Ends a pool when it goes itself. Declared behind a service, since what was answered is counted
// then, which the service must live to see.
class PoolEnd {
 public:
  explicit PoolEnd(std::optional<base::WorkerPool>& workers) : workers_(workers) {}
  ~PoolEnd() { workers_.reset(); }
  PoolEnd(const PoolEnd&) = delete;

 private:
  std::optional<base::WorkerPool>& workers_;
};

class ApiTest : public ::testing::Test {
 protected:
  ApiTest()
      : service_({store_, metrics_, *workers_, [] { return TestStatus(); }, page_, clock_}),
        handler_(service_.handler()) {}

  static ServerStatus TestStatus() {
    return {"0.1.0", "/data", "127.0.0.1:4317", "127.0.0.1:4318", 12, 3456};
  }

  void Fill(const std::vector<conformance::TestSpan>& spans) {
    Append(conformance::MakeBatch(spans));
  }
  void FillJson(std::string_view otlp_json) {
    auto request = wire::DecodeOtlpJson(otlp_json);
    ASSERT_TRUE(request.ok()) << request.status().ToString();
    Append(span::SpanBatch(request->chunk));
  }

  net::Response Send(net::Request request) {
    const auto call = std::make_shared<TestCall>(std::move(request));
    handler_(call);
    return call->Wait();
  }
  net::Response Get(std::string target) { return Send(MakeRequest("GET", std::move(target))); }
  // The body of an answer that must be 200.
  std::string Body(const std::string& target) {
    const net::Response response = Get(target);
    EXPECT_EQ(response.status, 200) << target << ": " << response.body;
    return response.body;
  }

  conformance::ReferenceStore store_;
  base::MetricRegistry metrics_;
  TestClock clock_;
  std::vector<EmbeddedFile> page_ = {
      {"/index.html", "text/html; charset=utf-8", "<p>shell", "zipped shell"},
      {"/assets/app-1234.js", "text/javascript; charset=utf-8", "let a", {}},
  };
  std::optional<base::WorkerPool> workers_{std::in_place, 2, 64};
  Service service_;
  const PoolEnd pool_end_{workers_};
  net::Handler handler_;

 private:
  void Append(span::SpanBatch batch) {
    store_.Append(std::move(batch),
                  [](base::Status status) { ASSERT_TRUE(status.ok()) << status.ToString(); });
  }
};

}  // namespace spandrel::api
