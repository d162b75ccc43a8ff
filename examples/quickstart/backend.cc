// SPDX-License-Identifier: Apache-2.0
// The second service: its spans join the trace of the frontend's request.
#include <cstdio>

#include "spandrel/httplib.h"
#include "spandrel/sdk.h"

int main() {
  auto tracing = spandrel::sdk::Init("backend");
  spandrel::httplib::Server server;  // instead of httplib::Server
  server.Get("/name", [](const httplib::Request&, httplib::Response& response) {
    response.set_content("world\n", "text/plain");
  });
  std::puts("backend: http://127.0.0.1:8082/name");
  return server.listen("127.0.0.1", 8082) ? 0 : 1;
}
