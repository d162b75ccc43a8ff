// SPDX-License-Identifier: Apache-2.0
#include "api/http/router.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/http/http_answer.h"
#include "api/http/responses.h"
#include "api/testing/api.h"
#include "net/http/compression.h"

namespace spandrel::api {
namespace {

using ::testing::HasSubstr;

std::shared_ptr<QueryQueue> MakeQueue(base::WorkerPool& workers) {
  return std::make_shared<QueryQueue>(workers, QueryQueueLimits());
}

class RouterTest : public ::testing::Test {
 protected:
  RouterTest() {
    router_.Get("/things/{name}/parts", [](const RoutedRequest& request) {
      return JsonResponse("\"" + std::string(request.PathParameter("name")) + "\"");
    });
    router_.GetAtOnce("/large",
                      [](const RoutedRequest&) { return JsonResponse(std::string(100'000, '1')); });
    router_.GetAtOnce("/columns", [](const RoutedRequest&) {
      return MakeResponse(200, kTraceColumnsType, std::string(100'000, '1'));
    });
    router_.Post("/things",
                 [](const RoutedRequest& request) { return JsonResponse(request.body); });
  }

  net::Response Send(net::Request request) {
    const auto call = std::make_shared<TestCall>(std::move(request));
    router_(call);
    return call->Wait();
  }
  net::Response Get(std::string target, net::Headers headers = {}) {
    net::Request request = MakeRequest("GET", std::move(target));
    request.headers = std::move(headers);
    return Send(std::move(request));
  }

  base::MetricRegistry metrics_;
  base::WorkerPool workers_{1, 8};
  std::shared_ptr<QueryQueue> queue_ = MakeQueue(workers_);
  Steps steps_{{}, metrics_};
  endpoints::CorsConfig cors_;
  Router router_{steps_, cors_, *queue_, metrics_};
};

TEST_F(RouterTest, PathParametersAreDecoded) {
  EXPECT_EQ(Get("/things/a%20b%2Fc/parts?x=1").body, "\"a b/c\"");
}

TEST_F(RouterTest, APatternMayTakeSeveralSegmentsOrAMediaType) {
  router_.Get("/tag/{tag...}/values", [](const RoutedRequest& request) {
    return JsonResponse(std::string(request.PathParameter("tag")));
  });
  router_.GetStreamAs("application/protobuf", "/both",
                      Whole([](const RoutedRequest&) { return JsonResponse("proto"); }));
  router_.Get("/both", [](const RoutedRequest&) { return JsonResponse("json"); });
  EXPECT_EQ(Get("/tag/a/values").body, "a");
  EXPECT_EQ(Get("/tag/a%20b/c/values/values").body, "a b/c/values");
  EXPECT_EQ(Get("/tag/values").status, 404);
  EXPECT_EQ(Get("/tag//values").status, 404);
  EXPECT_EQ(Get("/both").body, "json");
  EXPECT_EQ(Get("/both", {{"accept", "text/html, application/protobuf"}}).body, "proto");
}

TEST_F(RouterTest, UnknownPathsAndMethods) {
  EXPECT_EQ(Get("/things//parts").status, 404);
  EXPECT_EQ(Get("/things/a/parts/").status, 404);
  EXPECT_EQ(Get("/api/absent").status, 404);
  const net::Response response = Send(MakeRequest("POST", "/things/a/parts"));
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(net::FindHeader(response.headers, "allow"), "GET, HEAD");
  EXPECT_EQ(Get("/things").status, 405);
  EXPECT_EQ(Send(MakeRequest("HEAD", "/things/a/parts")).status, 200);
}

TEST_F(RouterTest, EveryAnswerHasSecurityHeaders) {
  for (const char* path : {"/large", "/absent"}) {
    const net::Response response = Get(path);
    EXPECT_THAT(std::string(net::FindHeader(response.headers, "content-security-policy")),
                HasSubstr("default-src 'self'"));
    EXPECT_EQ(net::FindHeader(response.headers, "x-content-type-options"), "nosniff");
    EXPECT_EQ(net::FindHeader(response.headers, "referrer-policy"), "no-referrer");
    EXPECT_EQ(net::FindHeader(response.headers, "access-control-allow-origin"), "");
  }
}

TEST_F(RouterTest, LargeAnswersAreCompressedWhenAccepted) {
  const net::Response response = Get("/large", {{"accept-encoding", "br, gzip"}});
  EXPECT_EQ(net::FindHeader(response.headers, "content-encoding"), "gzip");
  const auto body = net::Decompress("gzip", response.body, 1 << 20, nullptr);
  ASSERT_TRUE(body.ok());
  EXPECT_EQ(*body, std::string(100'000, '1'));
  EXPECT_EQ(net::FindHeader(Get("/large").headers, "content-encoding"), "");
  EXPECT_EQ(net::FindHeader(Get("/large").headers, "vary"), "accept-encoding");
  EXPECT_EQ(net::FindHeader(Get("/things/a/parts", {{"accept-encoding", "gzip"}}).headers, "vary"),
            "");
}

TEST_F(RouterTest, ColumnsGoPlainOverLoopback) {
  const net::Headers gzip = {{"accept-encoding", "gzip"}};
  EXPECT_EQ(net::FindHeader(Get("/columns", gzip).headers, "content-encoding"), "");
  net::Request remote = MakeRequest("GET", "/columns");
  remote.headers = gzip;
  remote.peer = "192.0.2.1:5000";
  EXPECT_EQ(net::FindHeader(Send(remote).headers, "content-encoding"), "gzip");
  net::Headers proxied = gzip;
  proxied.emplace_back("x-forwarded-for", "192.0.2.1");
  EXPECT_EQ(net::FindHeader(Get("/columns", proxied).headers, "content-encoding"), "gzip");
}

TEST_F(RouterTest, BodiesAreBounded) {
  EXPECT_EQ(Send(MakeRequest("POST", "/things", "hello")).body, "hello");
  EXPECT_EQ(Send(MakeRequest("POST", "/things", std::string(kMaxRequestBodyBytes + 1, 'x'))).status,
            413);
  net::Request bomb =
      MakeRequest("POST", "/things", *net::Compress("gzip", std::string(4 << 20, 'x')));
  bomb.headers = {{"content-encoding", "gzip"}};
  EXPECT_EQ(Send(bomb).status, 413);
  net::Request broken = MakeRequest("POST", "/things", "not gzip");
  broken.headers = {{"content-encoding", "gzip"}};
  EXPECT_EQ(Send(broken).status, 400);
}

TEST(RouterBusyTest, AFullQueueIsRefused) {
  base::MetricRegistry metrics;
  base::WorkerPool workers(1, 1);
  const Steps steps({}, metrics);
  const endpoints::CorsConfig cors;
  const auto queue = std::make_shared<QueryQueue>(
      workers, QueryQueueLimits{.waiting = 1, .waiting_of_peer = 1, .running_long = 1});
  Router router(steps, cors, *queue, metrics);
  std::promise<void> running;
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  router.Get("/slow", [&running, released](const RoutedRequest&) {
    running.set_value();
    released.wait();
    return JsonResponse("1");
  });
  router.Get("/fast", [](const RoutedRequest&) { return JsonResponse("2"); });
  const auto send = [&router](std::string path) {
    auto call = std::make_shared<TestCall>(MakeRequest("GET", std::move(path)));
    router(call);
    return call;
  };
  const auto slow = send("/slow");
  running.get_future().wait();
  const auto queued = send("/fast");
  const net::Response refused = send("/fast")->Wait();
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(net::FindHeader(refused.headers, "retry-after"), "1");
  release.set_value();
  EXPECT_EQ(slow->Wait().status, 200);
  EXPECT_EQ(queued->Wait().status, 200);
  EXPECT_THAT(metrics.RenderPrometheus(),
              HasSubstr("spandrel_api_refused_requests_total{reason=\"busy\"} 1"));
}

class StepsRouterTest : public ::testing::Test {
 protected:
  // Routes `/ask`, which tells its tenant, and `/open`, behind the steps.
  net::Response Ask(const StepOptions& options, net::Request request) {
    const Steps steps(options, metrics_);
    auto workers = std::make_unique<base::WorkerPool>(1, 8);
    const auto queue = MakeQueue(*workers);
    Router router(steps, cors_, *queue, metrics_);
    router.Get("/ask", [](const RoutedRequest& asked) {
      const base::Status status = asked.context.Check();
      if (!status.ok()) return ErrorResponse(status);
      return JsonResponse(fmt::format("\"{}\"", fmt::join(asked.context.tenants(), "|")));
    });
    router.GetAtOnce("/page", [](const RoutedRequest&) { return JsonResponse("2"); });
    router.GetOpen("/open", [](const RoutedRequest&) { return JsonResponse("1"); });
    const auto call = std::make_shared<TestCall>(std::move(request));
    router(call);
    net::Response response = call->Wait();
    workers.reset();  // it counts after it has answered
    return response;
  }
  std::shared_ptr<const endpoints::Gate> LocalGateFor(std::string login) {
    endpoints::ListenerConfig listener;
    listener.endpoint = {"localhost", 1};
    listener.auth.emplace();
    listener.auth->basic.emplace();
    listener.auth->basic->inline_text = std::move(login);
    return *endpoints::Gate::Make(listener, endpoints::DefaultHosts::kOwn, "test", metrics_);
  }

  base::MetricRegistry metrics_;
  endpoints::CorsConfig cors_;
};

TEST_F(StepsRouterTest, ALoginIsAskedFor) {
  const auto gate = LocalGateFor("ann:secret");
  const StepOptions options{.gate = gate.get()};
  net::Request request = MakeRequest("GET", "/ask");
  for (const char* path : {"/ask", "/absent", "/", "/api/absent"}) {
    const net::Response refused = Ask(options, MakeRequest("GET", path));
    EXPECT_EQ(refused.status, 401) << path;
    EXPECT_THAT(std::string(net::FindHeader(refused.headers, "www-authenticate")),
                HasSubstr("Basic"));
  }
  EXPECT_EQ(Ask(options, MakeRequest("GET", "/open")).status, 200);
  request.headers = {{"authorization", "Basic YW5uOnNlY3JldA=="}};
  EXPECT_EQ(Ask(options, request).status, 200);
}

TEST_F(StepsRouterTest, OtherNamesThanItsOwnAreRefused) {
  const auto gate = LocalGateFor("ann:secret");
  net::Request request = MakeRequest("GET", "/open");
  request.authority = "evil.example";
  EXPECT_EQ(Ask({.gate = gate.get()}, request).status, 421);
}

TEST_F(StepsRouterTest, TheTenantReachesTheQuery) {
  net::Request request = MakeRequest("GET", "/ask");
  EXPECT_EQ(Ask({.tenants = true}, request).status, 400);
  EXPECT_EQ(Ask({.tenants = true}, MakeRequest("GET", "/page")).status, 200);
  request.headers = {{"x-scope-orgid", "blue"}};
  EXPECT_EQ(Ask({.tenants = true}, request).body, "\"blue\"");
  EXPECT_EQ(Ask({}, request).body, "\"\"");
}

TEST_F(StepsRouterTest, AQueryPastItsDeadlineIs504) {
  for (const char* target : {"/ask?timeout=1ns", "/ask?timeout=0s"}) {
    const net::Response late = Ask({}, MakeRequest("GET", target));
    EXPECT_EQ(late.status, 504) << target;
    EXPECT_THAT(late.body, HasSubstr("took too long"));
  }
  EXPECT_EQ(Ask({}, MakeRequest("GET", "/ask?timeout=5s")).status, 200);
  EXPECT_EQ(Ask({}, MakeRequest("GET", "/ask?timeout=5")).status, 200);
  EXPECT_EQ(Ask({}, MakeRequest("GET", "/ask?timeout=soon")).status, 400);
  net::Request request = MakeRequest("GET", "/ask");
  request.headers = {{"x-query-timeout", "1ns"}};
  EXPECT_EQ(Ask({}, request).status, 504);
  EXPECT_THAT(metrics_.RenderPrometheus(),
              HasSubstr("spandrel_api_cancelled_queries_total{reason=\"deadline\"} 3"));
}

TEST_F(StepsRouterTest, PagesOfAllowedOriginsAreToldSoBeforeALogin) {
  cors_.allowed_origins = {"https://shop.example"};
  const auto gate = LocalGateFor("ann:secret");
  net::Request request = MakeRequest("OPTIONS", "/ask");
  request.headers = {{"origin", "https://shop.example"}, {"access-control-request-method", "GET"}};
  const net::Response allowed = Ask({.gate = gate.get()}, request);
  EXPECT_EQ(allowed.status, 204);
  EXPECT_EQ(net::FindHeader(allowed.headers, "access-control-allow-methods"), "GET, HEAD, POST");
}

// A query that runs until it is told to end.
class EndlessQueryTest : public ::testing::Test {
 protected:
  EndlessQueryTest() {
    router_.Get("/endless", [](const RoutedRequest& request) {
      while (!request.context.cancelled()) std::this_thread::yield();
      return ErrorResponse(request.context.Check());
    });
  }
  std::shared_ptr<TestCall> Begin() {
    const auto call = std::make_shared<TestCall>(MakeRequest("GET", "/endless"));
    router_(call);
    return call;
  }
  // The answer is there before it is counted.
  void ExpectCancelled(const std::string& reason) {
    workers_.reset();
    EXPECT_THAT(metrics_.RenderPrometheus(),
                HasSubstr("spandrel_api_cancelled_queries_total{reason=\"" + reason + "\"} 1"));
  }

  base::MetricRegistry metrics_;
  std::unique_ptr<base::WorkerPool> workers_ = std::make_unique<base::WorkerPool>(1, 8);
  Steps steps_{{}, metrics_};
  endpoints::CorsConfig cors_;
  std::shared_ptr<QueryQueue> queue_ = MakeQueue(*workers_);
  Router router_{steps_, cors_, *queue_, metrics_};
};

TEST_F(EndlessQueryTest, EndsWhenItsClientHasGone) {
  const auto call = Begin();
  call->Cancel();
  EXPECT_EQ(call->Wait().status, 503);
  ExpectCancelled("client_gone");
}

TEST_F(EndlessQueryTest, EndsWhenTheServerStops) {
  const auto call = Begin();
  steps_.StopAt(std::chrono::steady_clock::now());
  EXPECT_EQ(call->Wait().status, 503);
  ExpectCancelled("stopping");
}

TEST(AcceptsGzipTest, Weights) {
  for (const char* yes : {"gzip", "deflate, gzip;q=0.5", "GZIP ; q=1.0", "br,gzip;q=0.001"}) {
    EXPECT_TRUE(AcceptsGzip(yes)) << yes;
  }
  for (const char* no : {"", "br", "gzip;q=0", "gzip;q=0.000", "xgzip", "identity"}) {
    EXPECT_FALSE(AcceptsGzip(no)) << no;
  }
}

}  // namespace
}  // namespace spandrel::api
