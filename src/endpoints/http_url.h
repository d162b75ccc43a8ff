// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "net/socket/endpoint.h"

namespace spandrel::endpoints {

// `https://host[:port]/path?query`, taken apart.
struct HttpUrl {
  bool plaintext = false;
  net::Endpoint endpoint;
  std::string authority;  // for Host
  std::string target;     // from the first '/' on; empty when there is none
};

// INVALID_ARGUMENT for what is not such a URL.
base::Result<HttpUrl> ParseHttpUrl(std::string_view url);

}  // namespace spandrel::endpoints
