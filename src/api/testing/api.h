// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <string_view>
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

// A request whose whole answer can be waited for.
class TestCall final : public net::ServerCall {
 public:
  explicit TestCall(net::Request request) : request_(std::move(request)) {}

  net::Response Wait() { return answer_.get_future().get(); }

  const net::Request& request() const override { return request_; }
  std::string TakeBody(base::ByteBudget::Reservation*) override { return std::move(request_.body); }
  void Respond(net::Response response) override { answer_.set_value(std::move(response)); }
  void Start(int, net::Headers) override {}
  size_t Write(std::string) override { return 0; }
  void Finish(net::Headers) override {}
  bool cancelled() const override { return false; }

 private:
  net::Request request_;
  std::promise<net::Response> answer_;
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

class ApiTest : public ::testing::Test {
 protected:
  ApiTest()
      : service_({store_, metrics_, workers_, [] { return TestStatus(); }, page_, clock_}),
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
  base::WorkerPool workers_{2, 64};
  Service service_;
  net::Handler handler_;

 private:
  void Append(span::SpanBatch batch) {
    store_.Append(std::move(batch),
                  [](base::Status status) { ASSERT_TRUE(status.ok()) << status.ToString(); });
  }
};

}  // namespace spandrel::api
