// SPDX-License-Identifier: Apache-2.0
// A service under test: cpp-httplib in and out. tests/w3c/README.md says what it must do.
#include "spandrel/httplib.h"

#include <stdexcept>

#include "calls.h"

namespace {

// Makes the call within the current context.
void Post(const Call& call) {
  spandrel::httplib::Client client(call.origin());
  const httplib::Result result = client.Post(call.path, call.body, "application/json");
  if (!result) throw std::runtime_error(httplib::to_string(result.error()));
}

}  // namespace

int main() {
  auto tracing = StartTracing("w3c-httplib-service");
  spandrel::httplib::Server server;
  server.Post("/", [](const httplib::Request& request, httplib::Response&) {
    for (const Call& call : ReadCalls(request.body)) Post(call);
  });
  PrintUrl(server.bind_to_any_port("127.0.0.1"));
  return server.listen_after_bind() ? 0 : 1;
}
