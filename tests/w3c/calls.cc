// SPDX-License-Identifier: Apache-2.0
#include "calls.h"

#include <simdjson.h>

#include <cstdio>
#include <stdexcept>
#include <utility>

namespace {

constexpr std::string_view kHost = "http://127.0.0.1:";

Call MakeCall(std::string_view url, std::string body) {
  const size_t path_at = url.find('/', kHost.size());
  if (!url.starts_with(kHost) || path_at == std::string_view::npos) {
    throw std::invalid_argument("not a URL of the harness");
  }
  const std::string port(url.substr(kHost.size(), path_at - kHost.size()));
  return {static_cast<uint16_t>(std::stoi(port)), std::string(url.substr(path_at)),
          std::move(body)};
}

}  // namespace

std::vector<Call> ReadCalls(std::string_view body) {
  simdjson::dom::parser parser;
  const simdjson::dom::array elements = parser.parse(body.data(), body.size());
  std::vector<Call> calls;
  for (const simdjson::dom::element call : elements) {
    calls.push_back(MakeCall(call["url"], simdjson::minify(call["arguments"])));
  }
  return calls;
}

spandrel::sdk::Provider StartTracing(std::string_view service_name) {
  spandrel::sdk::Options options = spandrel::sdk::OptionsFromEnvironment(service_name);
  options.shutdown_timeout = spandrel::sdk::Milliseconds(0);
  return spandrel::sdk::Init(options);
}

void PrintUrl(int port) {
  std::printf("http://127.0.0.1:%d/\n", port);
  std::fflush(stdout);
}
