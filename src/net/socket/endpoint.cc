// SPDX-License-Identifier: Apache-2.0
#include "net/socket/endpoint.h"

#include <charconv>

namespace spandrel::net {
namespace {

base::Status Invalid(std::string_view text, std::string_view why) {
  return {base::StatusCode::kInvalidArgument,
          "endpoint '" + std::string(text) + "': " + std::string(why)};
}

}  // namespace

std::string Endpoint::ToString() const {
  const bool ipv6 = host.find(':') != std::string::npos;
  return (ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

base::Result<Endpoint> ParseEndpoint(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return Invalid(text, "port is missing, want HOST:PORT");
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return Invalid(text, "an IPv6 address needs brackets, want [ADDRESS]:PORT");
  }
  if (host.find_first_of("/[]@ \t\r\n") != std::string_view::npos) {
    return Invalid(text, "host is malformed, want HOST:PORT");
  }
  uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc() || end != port.data() + port.size()) {
    return Invalid(text, "port must be a number from 0 to 65535");
  }
  return Endpoint{std::string(host), number};
}

}  // namespace spandrel::net
