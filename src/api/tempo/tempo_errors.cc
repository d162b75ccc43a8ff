// SPDX-License-Identifier: Apache-2.0
#include "api/tempo/tempo_errors.h"

#include <string>

#include "api/http/responses.h"

namespace spandrel::api {

net::Response TempoError(int http_status, std::string_view message) {
  return MakeResponse(http_status, kTextType, std::string(message));
}

net::Response TempoError(const base::Status& status) {
  const bool is_unknown = status.code() == base::StatusCode::kUnimplemented;
  net::Response response =
      TempoError(is_unknown ? 400 : HttpStatusOfQuery(status), status.message());
  if (status.retry_after()) response.headers.emplace_back("retry-after", "1");
  return response;
}

}  // namespace spandrel::api
