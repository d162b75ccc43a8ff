// SPDX-License-Identifier: Apache-2.0
// A service under test: cpp-httplib in, libcurl out. tests/w3c/README.md says what it must do.
#include "spandrel/curl.h"

#include <curl/curl.h>

#include <stdexcept>
#include <string>

#include "calls.h"
#include "spandrel/httplib.h"

namespace {

// Makes the call within the current context.
void Post(const Call& call) {
  const std::string url = call.origin() + call.path;
  CURL* const curl = curl_easy_init();
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call.body.c_str());
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, 10L);
  const CURLcode code = spandrel::curl::Perform(curl);
  curl_easy_cleanup(curl);
  if (code != CURLE_OK) throw std::runtime_error(curl_easy_strerror(code));
}

}  // namespace

int main() {
  curl_global_init(CURL_GLOBAL_ALL);
  auto tracing = StartTracing("w3c-curl-service");
  spandrel::httplib::Server server;
  server.Post("/", [](const httplib::Request& request, httplib::Response&) {
    for (const Call& call : ReadCalls(request.body)) Post(call);
  });
  PrintUrl(server.bind_to_any_port("127.0.0.1"));
  return server.listen_after_bind() ? 0 : 1;
}
