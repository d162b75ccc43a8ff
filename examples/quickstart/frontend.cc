// SPDX-License-Identifier: Apache-2.0
// A service that traces its requests, one piece of its own work, and its call to a second service.
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

#include "opentelemetry/trace/provider.h"
#include "spandrel/curl.h"
#include "spandrel/httplib.h"
#include "spandrel/sdk.h"
#include "stop.h"

static size_t Append(char* bytes, size_t, size_t size, void* text) {
  static_cast<std::string*>(text)->append(bytes, size);
  return size;
}

static std::string Fetch(const char* url) {
  std::string body;
  CURL* curl = curl_easy_init();
  curl_easy_setopt(curl, CURLOPT_URL, url);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, Append);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
  spandrel::curl::Perform(curl);  // instead of curl_easy_perform
  curl_easy_cleanup(curl);
  return body;
}

int main() {
  auto tracing = spandrel::sdk::Init("frontend");
  spandrel::httplib::Server server;  // instead of httplib::Server
  StopOnSignal(server);
  server.Get("/hello", [](const httplib::Request&, httplib::Response& response) {
    auto tracer = opentelemetry::trace::Provider::GetTracerProvider()->GetTracer("frontend");
    auto span = tracer->StartSpan("think of a greeting");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    span->End();
    response.set_content("Hello, " + Fetch("http://127.0.0.1:8082/name"), "text/plain");
  });
  std::puts("frontend: http://127.0.0.1:8081/hello");
  return server.listen("127.0.0.1", 8081) ? 0 : 1;
}
