// SPDX-License-Identifier: Apache-2.0
// A service under test: cpp-httplib in, libcurl out. tests/w3c/README.md says what it must do.
#include <curl/curl.h>
#include <simdjson.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "spandrel/curl.h"
#include "spandrel/httplib.h"
#include "spandrel/sdk.h"

namespace {

// Makes the call within the current context.
bool Post(const std::string& url, const std::string& body) {
  CURL* const curl = curl_easy_init();
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.c_str());
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, 10L);
  const CURLcode code = spandrel::curl::Perform(curl);
  curl_easy_cleanup(curl);
  return code == CURLE_OK;
}

bool CallAll(const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::array calls;
  if (parser.parse(body).get(calls) != simdjson::SUCCESS) return false;
  for (const simdjson::dom::element call : calls) {
    std::string_view url;
    simdjson::dom::element arguments;
    if (call["url"].get(url) != simdjson::SUCCESS ||
        call["arguments"].get(arguments) != simdjson::SUCCESS ||
        !Post(std::string(url), simdjson::minify(arguments))) {
      return false;
    }
  }
  return true;
}

}  // namespace

int main() {
  curl_global_init(CURL_GLOBAL_ALL);
  spandrel::sdk::Options options = spandrel::sdk::OptionsFromEnvironment("w3c-httplib-service");
  options.shutdown_timeout = spandrel::sdk::Milliseconds(0);
  auto tracing = spandrel::sdk::Init(options);
  spandrel::httplib::Server server;
  server.Post("/", [](const httplib::Request& request, httplib::Response& response) {
    response.status = CallAll(request.body) ? 200 : 400;
  });
  std::printf("http://127.0.0.1:%d/\n", server.bind_to_any_port("127.0.0.1"));
  std::fflush(stdout);
  return server.listen_after_bind() ? 0 : 1;
}
