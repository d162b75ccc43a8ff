// SPDX-License-Identifier: Apache-2.0
#include "sdk/options/endpoint_url.h"

#include <utility>

namespace spandrel::sdk {
namespace {

bool HasPort(std::string_view authority) {
  const size_t colon = authority.rfind(':');
  const size_t bracket = authority.rfind(']');
  return colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
}

}  // namespace

base::Result<EndpointUrl> ParseEndpointUrl(std::string_view text, uint16_t default_port) {
  EndpointUrl url;
  std::string_view rest = text;
  if (const size_t at = rest.find("://"); at != std::string_view::npos) {
    const std::string_view scheme = rest.substr(0, at);
    if (scheme != "http" && scheme != "https") {
      return base::Status(base::StatusCode::kInvalidArgument,
                          "endpoint '" + std::string(text) + "': the scheme must be http or https");
    }
    url.tls = scheme == "https";
    rest.remove_prefix(at + 3);
  }
  const size_t slash = rest.find('/');
  if (slash != std::string_view::npos && slash + 1 < rest.size()) url.path = rest.substr(slash);
  std::string authority(rest.substr(0, slash));
  if (!HasPort(authority)) authority += ":" + std::to_string(default_port);
  base::Result<net::Endpoint> endpoint = net::ParseEndpoint(authority);
  if (!endpoint.ok()) return endpoint.status().Annotate("endpoint '" + std::string(text) + "'");
  if (endpoint->host.empty()) {
    return base::Status(base::StatusCode::kInvalidArgument,
                        "endpoint '" + std::string(text) + "' has no host");
  }
  url.endpoint = *std::move(endpoint);
  return url;
}

}  // namespace spandrel::sdk
