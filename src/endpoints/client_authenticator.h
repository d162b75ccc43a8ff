// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "net/http/http.h"

namespace spandrel::endpoints {

// What a client shows of itself with each request. Any thread; called for every request, so it does
// not wait for anybody.
class ClientAuthenticator {
 public:
  static constexpr std::string_view kInterfaceName = "client authenticator";

  virtual ~ClientAuthenticator() = default;
  // Puts its credentials among the headers (gRPC's metadata), in the place of what is there of the
  // same name.
  virtual void Authorize(net::Headers* headers) = 0;
};

// Sets the only header of that lower-case name.
inline void ReplaceHeader(net::Headers* headers, std::string_view name, std::string value) {
  std::erase_if(*headers, [name](const auto& header) { return header.first == name; });
  headers->emplace_back(name, std::move(value));
}

}  // namespace spandrel::endpoints
