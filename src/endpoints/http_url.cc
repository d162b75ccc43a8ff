// SPDX-License-Identifier: Apache-2.0
#include "endpoints/http_url.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace spandrel::endpoints {
namespace {

using base::Status;
using base::StatusCode;

bool TakePrefix(std::string_view* text, std::string_view prefix) {
  if (!text->starts_with(prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}

std::string WithPort(std::string_view authority, int default_port) {
  const size_t host_end = authority.starts_with('[') ? authority.find(']') : 0;
  const size_t colon = authority.find(':', host_end == std::string_view::npos ? 0 : host_end);
  if (colon != std::string_view::npos) return std::string(authority);
  return fmt::format("{}:{}", authority, default_port);
}

}  // namespace

base::Result<HttpUrl> ParseHttpUrl(std::string_view url) {
  std::string_view rest = url;
  HttpUrl parsed;
  parsed.plaintext = TakePrefix(&rest, "http://");
  if (!parsed.plaintext && !TakePrefix(&rest, "https://")) {
    return Status(StatusCode::kInvalidArgument,
                  fmt::format("'{}' is not a URL with http:// or https://", url));
  }
  if (rest.empty() || rest.front() == '/') {
    return Status(StatusCode::kInvalidArgument, fmt::format("'{}' names no host", url));
  }
  const size_t slash = std::min(rest.find('/'), rest.size());
  parsed.authority = rest.substr(0, slash);
  parsed.target = rest.substr(slash);
  const std::string address = WithPort(parsed.authority, parsed.plaintext ? 80 : 443);
  auto endpoint = net::ParseEndpoint(address);
  if (!endpoint.ok()) return endpoint.status();
  if (endpoint->host.empty() || endpoint->port == 0) {
    return Status(StatusCode::kInvalidArgument,
                  fmt::format("'{}' does not name a host and a port to connect to", address));
  }
  parsed.endpoint = *std::move(endpoint);
  return parsed;
}

}  // namespace spandrel::endpoints
