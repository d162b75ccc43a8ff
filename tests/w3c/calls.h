// SPDX-License-Identifier: Apache-2.0
// What the services under test share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "spandrel/sdk.h"

// A call to make: POST `body` to `path` of the server on 127.0.0.1 that listens on `port`.
struct Call {
  uint16_t port = 0;
  std::string path;
  std::string body;

  std::string origin() const { return "http://127.0.0.1:" + std::to_string(port); }
};

// What the body of a request asks for. Throws when it cannot be read, or names another host.
std::vector<Call> ReadCalls(std::string_view body);

// As OTEL_* says; nobody waits for the spans.
spandrel::sdk::Provider StartTracing(std::string_view service_name);

// Tells the harness where to send requests.
void PrintUrl(int port);
