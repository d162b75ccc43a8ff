// SPDX-License-Identifier: Apache-2.0
// The second service: its spans join the trace of the frontend's request.
#include <cstdio>
#include <cstdlib>

#include "spandrel/httplib.h"
#include "spandrel/sdk.h"
#include "stop.h"

int main(int argc, char** argv) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 8082;
  auto tracing = spandrel::sdk::Init("backend");
  spandrel::httplib::Server server;  // instead of httplib::Server
  StopOnSignal(server);
  server.Get("/name", [](const httplib::Request&, httplib::Response& response) {
    response.set_content("world\n", "text/plain");
  });
  std::printf("backend: http://127.0.0.1:%d/name\n", port);
  return server.listen("127.0.0.1", port) ? 0 : 1;
}
