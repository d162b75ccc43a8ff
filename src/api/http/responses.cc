// SPDX-License-Identifier: Apache-2.0
#include "api/http/responses.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "api/http/json_text.h"

namespace spandrel::api {

net::Response MakeResponse(int status, std::string_view content_type, std::string body) {
  net::Response response;
  response.status = status;
  response.headers.emplace_back("content-type", content_type);
  response.body = std::move(body);
  return response;
}

net::Response JsonResponse(std::string body) {
  return MakeResponse(200, kJsonType, std::move(body));
}

net::Response ErrorResponse(int http_status, std::string_view message) {
  std::string body;
  wire::JsonWriter json(&body);
  json.OpenObject();
  TextField("error", message, &json);
  json.CloseObject();
  return MakeResponse(http_status, kJsonType, std::move(body));
}

net::Response ErrorResponse(const base::Status& status) {
  net::Response response = ErrorResponse(HttpStatusOfQuery(status), status.message());
  if (status.retry_after()) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*status.retry_after());
    response.headers.emplace_back("retry-after", fmt::format("{}", seconds.count()));
  }
  return response;
}

int HttpStatusOfQuery(const base::Status& status) {
  switch (status.code()) {
    case base::StatusCode::kOk:
      return 200;
    case base::StatusCode::kInvalidArgument:
    case base::StatusCode::kOutOfRange:
      return 400;
    // Too much for now; or the question asks for too much, and a smaller one is answered.
    case base::StatusCode::kResourceExhausted:
      return status.retry_after() ? 503 : 400;
    case base::StatusCode::kNotFound:
      return 404;
    case base::StatusCode::kUnimplemented:
      return 501;
    case base::StatusCode::kUnavailable:
    // Whoever asked has gone; nobody reads this.
    case base::StatusCode::kCancelled:
      return 503;
    case base::StatusCode::kDeadlineExceeded:
      return 504;
    default:
      return 500;
  }
}

}  // namespace spandrel::api
