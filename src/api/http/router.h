// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http/parameters.h"
#include "base/metrics.h"
#include "base/worker_pool.h"
#include "net/exchange/server_call.h"
#include "net/http/http.h"
#include "storage/query_context.h"

namespace spandrel::api {

inline constexpr size_t kMaxRequestBodyBytes = 1 << 20;
// From when work on a question begins.
inline constexpr std::chrono::seconds kQueryTimeout{30};

// A request that has found its route.
struct RoutedRequest {
  const net::Request& http;
  net::Headers path_parameters;  // decoded, by the names in the pattern
  Parameters parameters;         // of the query string
  std::string body;              // of a POST, decompressed
  const storage::QueryContext& context;

  std::string_view PathParameter(std::string_view name) const {
    return net::FindHeader(path_parameters, name);
  }
};

using RouteHandler = std::function<net::Response(const RoutedRequest&)>;

// Sends requests to handlers by method and path, and what every answer needs is added here:
// security headers, gzip, HEAD, 404 and 405. A query ends when its time is over or its client has
// gone. Queries run on the worker pool; when its queue is full
// the answer is 503 with Retry-After. Routes are added before the server starts; after that,
// thread-safe.
class Router {
 public:
  Router(base::WorkerPool& workers, base::MetricRegistry& metrics);

  // `pattern` is a path with segments like `{name}`, each of which takes one segment that is not
  // empty. GET routes answer HEAD too.
  void Get(std::string_view pattern, RouteHandler handler) {
    Add("GET", pattern, std::move(handler), true);
  }
  void Post(std::string_view pattern, RouteHandler handler) {
    Add("POST", pattern, std::move(handler), true);
  }
  // For handlers that never wait: they run on the thread that brings the request.
  void GetAtOnce(std::string_view pattern, RouteHandler handler) {
    Add("GET", pattern, std::move(handler), false);
  }
  // Answers GET and HEAD of all other paths, at once.
  void Fallback(RouteHandler handler) { fallback_ = std::move(handler); }

  // The router must live until every call it was given is answered.
  void operator()(const std::shared_ptr<net::ServerCall>& call) const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> segments;  // "{name}" or literal
    RouteHandler handler;
    bool on_pool = true;
  };

  void Add(std::string_view method, std::string_view pattern, RouteHandler handler, bool on_pool);
  void Run(const Route& route, net::Headers path_parameters,
           const std::shared_ptr<net::ServerCall>& call) const;
  void Answer(const Route& route, net::Headers path_parameters, net::ServerCall& call) const;
  void AnswerUnrouted(const std::string& allowed_methods, net::ServerCall& call) const;
  void Send(net::ServerCall& call, net::Response response) const;

  base::WorkerPool& workers_;
  std::vector<Route> routes_;
  RouteHandler fallback_;
  std::array<base::Counter*, 6> answers_;  // by the first digit of the status
  base::Counter& busy_;
};

// True when an Accept-Encoding header allows gzip.
bool AcceptsGzip(std::string_view accept_encoding);

}  // namespace spandrel::api
