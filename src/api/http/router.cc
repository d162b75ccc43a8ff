// SPDX-License-Identifier: Apache-2.0
#include "api/http/router.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "api/http/http_answer.h"
#include "api/http/responses.h"
#include "base/time_text.h"
#include "endpoints/cors.h"
#include "net/http/compression.h"

namespace spandrel::api {
namespace {

std::vector<std::string> SplitPath(std::string_view path) {
  std::vector<std::string> segments;
  if (path.starts_with('/')) path.remove_prefix(1);
  while (true) {
    const size_t slash = path.find('/');
    segments.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

bool IsParameter(std::string_view segment) {
  return segment.starts_with('{');
}

bool TakesSeveral(std::string_view segment) {
  return IsParameter(segment) && segment.ends_with("...}");
}

// How many segments of the path the i-th one of a pattern takes.
size_t TakenBy(const std::vector<std::string>& pattern, const std::vector<std::string>& path,
               size_t i) {
  return TakesSeveral(pattern[i]) ? path.size() - pattern.size() + 1 : 1;
}

std::string_view NameOf(std::string_view segment) {
  segment.remove_suffix(TakesSeveral(segment) ? 4 : 1);
  segment.remove_prefix(1);
  return segment;
}

// The path parameters when the path fits the pattern.
std::optional<net::Headers> Match(const std::vector<std::string>& pattern,
                                  const std::vector<std::string>& path) {
  const bool is_open = std::any_of(pattern.begin(), pattern.end(), TakesSeveral);
  if (is_open ? path.size() < pattern.size() : path.size() != pattern.size()) return std::nullopt;
  net::Headers parameters;
  size_t at = 0;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const size_t end = at + TakenBy(pattern, path, i);
    if (!IsParameter(pattern[i])) {
      if (pattern[i] != path[at]) return std::nullopt;
    } else {
      if (path[at].empty()) return std::nullopt;
      std::string value = net::PercentDecode(path[at]);
      for (size_t j = at + 1; j < end; ++j) value += "/" + net::PercentDecode(path[j]);
      parameters.emplace_back(NameOf(pattern[i]), std::move(value));
    }
    at = end;
  }
  return parameters;
}

base::Result<std::string> ReadBody(net::ServerCall& call, size_t max_bytes) {
  base::ByteBudget::Reservation reservation;
  std::string body = call.TakeBody(&reservation);
  const std::string_view encoding = net::FindHeader(call.request().headers, "content-encoding");
  if (!encoding.empty()) {
    // An empty body comes without a reservation; what is made of it is small.
    return net::Decompress(encoding, body, max_bytes,
                           reservation.bytes() > 0 ? &reservation : nullptr);
  }
  if (body.size() > max_bytes) {
    return base::Status(base::StatusCode::kResourceExhausted, "the body is too large");
  }
  return body;
}

constexpr std::string_view kPageApi = "/api/ui/";
constexpr std::string_view kTimeoutHeader = "x-query-timeout";
constexpr std::string_view kTimeoutParameter = "timeout";
constexpr std::string_view kExactNamesParameter = "exactNames";
constexpr uint64_t kMostSeconds = 1'000'000;
constexpr std::string_view kCorsMethods = "GET, HEAD, POST";

// What the client asks for: a Go duration, or a number of seconds.
base::Result<std::optional<std::chrono::nanoseconds>> TimeoutOf(const net::Request& request,
                                                                const Parameters& parameters) {
  std::string_view text = net::FindHeader(request.headers, kTimeoutHeader);
  if (text.empty()) text = parameters.Get(kTimeoutParameter);
  if (text.empty()) return std::optional<std::chrono::nanoseconds>();
  if (const auto seconds = base::ParseUnsigned(text)) {
    const auto bounded = static_cast<int64_t>(std::min<uint64_t>(*seconds, kMostSeconds));
    return std::optional<std::chrono::nanoseconds>(std::chrono::seconds(bounded));
  }
  const auto duration = base::ParseDuration(text);
  if (!duration.ok()) return duration.status().Annotate(kTimeoutParameter);
  return std::optional<std::chrono::nanoseconds>(
      std::chrono::nanoseconds(std::min<uint64_t>(*duration, INT64_MAX)));
}

// The page signs in by a form of its own, and a browser that hears of Basic would show its dialog
// before the page.
void HideBasicChallenge(net::Headers* headers) {
  for (auto& [name, value] : *headers) {
    if (name == "www-authenticate" && value.find("Basic ") != std::string::npos) {
      value = R"(Session realm="spandrel")";
    }
  }
}

net::Response RefusalAnswer(const StepRefusal& refusal) {
  net::Response response = ErrorResponse(refusal.http_status, refusal.status.message());
  response.headers.insert(response.headers.end(), refusal.headers.begin(), refusal.headers.end());
  return response;
}

}  // namespace

Router::Router(const Steps& steps, const endpoints::CorsConfig& cors, QueryQueue& queue,
               base::MetricRegistry& metrics)
    : steps_(steps), cors_(cors), queue_(queue) {
  for (size_t i = 0; i < answers_.size(); ++i) {
    answers_[i] = &metrics.AddCounter("spandrel_api_requests_total",
                                      {{"status", i == 0 ? "other" : fmt::format("{}xx", i)}});
  }
}

StreamHandler Whole(WholeHandler handler) {
  return [handler = std::move(handler)](const RoutedRequest& request, ResponseSink& sink) {
    net::Response response = handler(request);
    storage::QueryMemory memory(request.context);
    const base::Status fits = memory.Grow(response.body.size());
    fits.ok() ? sink.Send(std::move(response)) : sink.Fail(ErrorResponse(fits));
  };
}

void Router::Add(std::string_view method, std::string_view pattern, StreamHandler handler,
                 Place place, Access access, Cost cost) {
  routes_.push_back({std::string(method), std::string(pattern), SplitPath(pattern),
                     std::move(handler), place, access, cost});
}

void Router::Fallback(WholeHandler handler) {
  fallback_ = {"GET",         {},          {}, Whole(std::move(handler)), Place::kAtOnce,
               Access::kOpen, Cost::kQuick};
}

std::vector<std::string> Router::RoutesWhere(bool open) const {
  std::vector<std::string> all;
  for (const Route& route : routes_) {
    if ((route.access == Access::kOpen) == open) all.push_back(route.method + " " + route.pattern);
  }
  return all;
}

std::optional<Router::Found> Router::FindRoute(const net::Request& request,
                                               std::string* allowed_methods) const {
  const std::string_view method =
      request.method == "HEAD" ? "GET" : std::string_view(request.method);
  const std::vector<std::string> path = SplitPath(request.path);
  for (const Route& route : routes_) {
    auto parameters = Match(route.segments, path);
    if (!parameters) continue;
    if (!route.media_type.empty() &&
        net::FindHeader(request.headers, "accept").find(route.media_type) == std::string::npos) {
      continue;
    }
    if (route.method == method) return Found{&route, std::move(*parameters)};
    if (!allowed_methods->empty()) *allowed_methods += ", ";
    *allowed_methods += route.method == "GET" ? "GET, HEAD" : route.method;
  }
  const bool is_page = method == "GET" && !request.path.starts_with("/api/");
  if (fallback_ && is_page && allowed_methods->empty()) return Found{&*fallback_, {}};
  return std::nullopt;
}

void Router::operator()(const std::shared_ptr<net::ServerCall>& call) const {
  const net::Request& request = call->request();
  if (const auto refusal = steps_.CheckHost(request)) return Refuse(call, RefusalAnswer(*refusal));
  if (auto preflight = endpoints::AnswerPreflight(cors_, request, kCorsMethods)) {
    return Refuse(call, std::move(*preflight));
  }
  std::string allowed_methods;
  auto found = FindRoute(request, &allowed_methods);
  Work work{call, Parameters(net::ParseQuery(request.query)), {}, {}};
  if (auto refusal = Admit(found ? found->route : nullptr, &work)) {
    return Refuse(call, *std::move(refusal));
  }
  if (!found) return RefuseUnrouted(call, allowed_methods);
  work.path_parameters = std::move(found->path_parameters);
  Run(*found->route, std::move(work));
}

// What is no query has no tenant and no limits, but not everybody may know what there is.
std::optional<net::Response> Router::Admit(const Route* route, Work* work) const {
  const net::Request& request = work->call->request();
  if (route != nullptr && route->access == Access::kOpen) {
    work->admission = steps_.AdmitAnybody(request);
    return std::nullopt;
  }
  std::optional<StepRefusal> refusal;
  if (route == nullptr || route->place == Place::kAtOnce) {
    refusal = steps_.Authenticate(request, endpoints::Role::kRead, &work->admission.identity);
    if (!refusal && route != nullptr && route->access == Access::kOfAll) {
      refusal = steps_.CheckSeesAll(work->admission.identity);
    }
  } else {
    const auto timeout = TimeoutOf(request, work->parameters);
    if (!timeout.ok()) return ErrorResponse(timeout.status());
    const auto exact_names = work->parameters.Truth(kExactNamesParameter);
    if (!exact_names.ok()) return ErrorResponse(exact_names.status());
    refusal = steps_.Admit(request, *timeout, &work->admission);
    work->admission.exact_names |= *exact_names;
  }
  if (!refusal) return std::nullopt;
  net::Response answer = RefusalAnswer(*refusal);
  if (request.path.starts_with(kPageApi)) HideBasicChallenge(&answer.headers);
  return answer;
}

void Router::Run(const Route& route, Work work) const {
  if (route.place == Place::kAtOnce) return Answer(route, work);
  const auto call = work.call;
  const std::string peer = work.admission.peer;
  const auto place = queue_.TrySubmit(
      peer, route.cost,
      [this, &route, work = std::make_shared<Work>(std::move(work))] { Answer(route, *work); },
      [call] { return call->cancelled(); });
  if (place == QueryQueue::Place::kTaken) return;
  Refuse(call, ErrorResponse(steps_.NoRoom(place)));
}

void Router::Answer(const Route& route, Work& work) const {
  const bool at_once = route.place == Place::kAtOnce;
  const auto is_gone = [&work] { return work.call->cancelled(); };
  const storage::QueryContext context(at_once ? steps_.OptionsAtOnce()
                                              : steps_.OptionsFor(work.admission, is_gone));
  HttpAnswer answer(work.call, cors_, context,
                    at_once ? HttpAnswer::Wait::kNever : HttpAnswer::Wait::kForReader);
  RoutedRequest request{work.call->request(),
                        std::move(work.path_parameters),
                        std::move(work.parameters),
                        {},
                        context,
                        work.admission.identity};
  HandleTo(route, *work.call, &request, answer);
  if (answer.failed() && !at_once) steps_.CountEnd(context, is_gone());
  CountAnswer(answer.status());
}

void Router::HandleTo(const Route& route, net::ServerCall& call, RoutedRequest* request,
                      ResponseSink& sink) {
  // It may have waited long for a worker.
  const base::Status status = request->context.Check();
  if (!status.ok()) return sink.Fail(ErrorResponse(status));
  if (route.method == "POST") {
    auto body = ReadBody(call, route.max_body_bytes);
    if (!body.ok()) {
      const bool too_large = body.status().code() == base::StatusCode::kResourceExhausted;
      return sink.Fail(too_large ? ErrorResponse(413, body.status().message())
                                 : ErrorResponse(body.status()));
    }
    request->body = std::move(*body);
  }
  route.handler(*request, sink);
}

void Router::RefuseUnrouted(const std::shared_ptr<net::ServerCall>& call,
                            const std::string& allowed_methods) const {
  if (allowed_methods.empty()) return Refuse(call, ErrorResponse(404, "no such path"));
  net::Response response = ErrorResponse(405, "method not allowed");
  response.headers.emplace_back("allow", allowed_methods);
  Refuse(call, std::move(response));
}

void Router::Refuse(const std::shared_ptr<net::ServerCall>& call, net::Response response) const {
  const storage::QueryContext context;
  HttpAnswer answer(call, cors_, context, HttpAnswer::Wait::kNever);
  CountAnswer(response.status);
  answer.Send(std::move(response));
}

void Router::CountAnswer(int status) const {
  const auto status_class = static_cast<size_t>(status / 100);
  answers_[status_class < answers_.size() ? status_class : 0]->Add();
}

}  // namespace spandrel::api
