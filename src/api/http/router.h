// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http/parameters.h"
#include "api/http/query_queue.h"
#include "api/http/response_sink.h"
#include "api/http/steps.h"
#include "base/metrics.h"
#include "endpoints/listener.h"
#include "net/exchange/server_call.h"
#include "net/http/http.h"
#include "storage/query_context.h"

namespace spandrel::api {

inline constexpr size_t kMaxRequestBodyBytes = 1 << 20;

// A request that has found its route.
struct RoutedRequest {
  const net::Request& http;
  net::Headers path_parameters;  // decoded, by the names in the pattern
  Parameters parameters;         // of the query string
  std::string body;              // of a POST, decompressed
  const storage::QueryContext& context;
  const endpoints::Identity& identity;  // who asks; of what needs no login, nobody

  std::string_view PathParameter(std::string_view name) const {
    return net::FindHeader(path_parameters, name);
  }
};

// Answers whole, or as it goes.
using WholeHandler = std::function<net::Response(const RoutedRequest&)>;
using StreamHandler = std::function<void(const RoutedRequest&, ResponseSink&)>;
StreamHandler Whole(WholeHandler handler);

// Sends requests to handlers by method and path. Every request passes the `Steps` before; what
// every answer needs is added by `HttpAnswer`; 404, 405 and CORS questions are answered here. A
// query ends when its time is over, its client has gone or the server stops. Queries wait for a
// worker in a QueryQueue; without room there the answer is 503 with Retry-After. A client may ask
// for another time limit with the parameter `timeout` or the header `X-Query-Timeout`. Routes are
// added before the server starts; after that, thread-safe.
class Router {
 public:
  // All of them outlive the router.
  Router(const Steps& steps, const endpoints::CorsConfig& cors, QueryQueue& queue,
         base::MetricRegistry& metrics);

  // `pattern` is a path with segments like `{name}`, each of which takes one segment that is not
  // empty; one like `{name...}` takes one or more, slashes between them included. Of several that
  // fit the first that was added is asked. GET routes answer HEAD too.
  void Get(std::string_view pattern, WholeHandler handler, Cost cost = Cost::kLong) {
    GetStream(pattern, Whole(std::move(handler)), cost);
  }
  void GetStream(std::string_view pattern, StreamHandler handler, Cost cost = Cost::kLong) {
    Add("GET", pattern, std::move(handler), Place::kOnPool, Access::kLogin, cost);
  }
  // The same for requests whose `Accept` names a media type.
  void GetStreamAs(std::string_view media_type, std::string_view pattern, StreamHandler handler,
                   Cost cost = Cost::kLong) {
    GetStream(pattern, std::move(handler), cost);
    routes_.back().media_type = media_type;
  }
  void Post(std::string_view pattern, WholeHandler handler) {
    PostStream(pattern, Whole(std::move(handler)));
  }
  void PostStream(std::string_view pattern, StreamHandler handler,
                  size_t max_body_bytes = kMaxRequestBodyBytes) {
    Add("POST", pattern, std::move(handler), Place::kOnPool, Access::kLogin);
    routes_.back().max_body_bytes = max_body_bytes;
  }
  // For handlers that never wait: they run on the thread that brings the request.
  void GetAtOnce(std::string_view pattern, WholeHandler handler) {
    Add("GET", pattern, Whole(std::move(handler)), Place::kAtOnce, Access::kLogin);
  }
  // The same for what is of all tenants together.
  void GetOfAll(std::string_view pattern, WholeHandler handler) {
    Add("GET", pattern, Whole(std::move(handler)), Place::kAtOnce, Access::kOfAll);
  }
  // The same for everybody, who need not log in.
  void GetOpen(std::string_view pattern, WholeHandler handler) {
    Add("GET", pattern, Whole(std::move(handler)), Place::kAtOnce, Access::kOpen);
  }
  void PostOpen(std::string_view pattern, WholeHandler handler) {
    Add("POST", pattern, Whole(std::move(handler)), Place::kAtOnce, Access::kOpen);
  }
  // For everybody, and it waits for somebody: as a quick query of its address.
  void GetOpenOnPool(std::string_view pattern, WholeHandler handler) {
    Add("GET", pattern, Whole(std::move(handler)), Place::kOnPool, Access::kOpen, Cost::kQuick);
  }
  // Answers GET and HEAD of all other paths, at once, for everybody: what a page is made of, before
  // somebody signs in on it.
  void Fallback(WholeHandler handler);

  // "GET /api/services" of each route that needs no login, or of each that needs one.
  std::vector<std::string> RoutesWhere(bool open) const;

  // The router must live until every call it was given is answered.
  void operator()(const std::shared_ptr<net::ServerCall>& call) const;

 private:
  enum class Place : bool { kAtOnce, kOnPool };
  enum class Access : uint8_t { kOpen, kLogin, kOfAll };

  struct Route {
    std::string method;
    std::string pattern;
    std::vector<std::string> segments;  // "{name}" or literal
    StreamHandler handler;
    Place place = Place::kOnPool;
    Access access = Access::kLogin;
    Cost cost = Cost::kLong;
    size_t max_body_bytes = kMaxRequestBodyBytes;  // also after decompression
    std::string media_type = {};  // that `Accept` must name; empty: whatever it says
  };
  struct Found {
    const Route* route;
    net::Headers path_parameters;
  };
  struct Work {
    std::shared_ptr<net::ServerCall> call;
    Parameters parameters;
    net::Headers path_parameters;
    Admission admission;
  };

  void Add(std::string_view method, std::string_view pattern, StreamHandler handler, Place place,
           Access access, Cost cost = Cost::kLong);
  std::optional<Found> FindRoute(const net::Request& request, std::string* allowed_methods) const;
  std::optional<net::Response> Admit(const Route* route, Work* work) const;
  void Run(const Route& route, Work work) const;
  void Answer(const Route& route, Work& work) const;
  static void HandleTo(const Route& route, net::ServerCall& call, RoutedRequest* request,
                       ResponseSink& sink);
  void RefuseUnrouted(const std::shared_ptr<net::ServerCall>& call,
                      const std::string& allowed_methods) const;
  void Refuse(const std::shared_ptr<net::ServerCall>& call, net::Response response) const;
  void CountAnswer(int status) const;

  const Steps& steps_;
  const endpoints::CorsConfig& cors_;
  QueryQueue& queue_;
  std::vector<Route> routes_;
  std::optional<Route> fallback_;
  std::array<base::Counter*, 6> answers_;  // by the first digit of the status
};

}  // namespace spandrel::api
