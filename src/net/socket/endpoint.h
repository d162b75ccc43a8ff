// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace spandrel::net {

struct Endpoint {
  std::string host;  // a name or an address, IPv6 without brackets
  uint16_t port = 0;

  // "127.0.0.1:4317", "[::1]:4317".
  std::string ToString() const;
};

// Reads `HOST:PORT`, also `[IPv6]:PORT` and `:PORT` (all interfaces). INVALID_ARGUMENT says what is
// wrong.
base::Result<Endpoint> ParseEndpoint(std::string_view text);

}  // namespace spandrel::net
