// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "net/socket/endpoint.h"

namespace spandrel::sdk {

// Where an OTLP exporter connects to.
struct EndpointUrl {
  net::Endpoint endpoint;
  bool tls = false;
  std::string path;  // with a leading '/'; empty when the URL has none or only "/"
};

// Reads `[http|https]://HOST[:PORT][/PATH]`; without a scheme it is plaintext.
base::Result<EndpointUrl> ParseEndpointUrl(std::string_view text, uint16_t default_port);

}  // namespace spandrel::sdk
