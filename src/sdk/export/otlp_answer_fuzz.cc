// SPDX-License-Identifier: Apache-2.0
// A collector's answer over gRPC and HTTP and a sampling strategy, from the same bytes: the first
// two choose the HTTP status, a line feed ends the Retry-After header, the rest is the body.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "net/http/rpc_status.h"
#include "sdk/export/otlp_answer.h"
#include "sdk/sampling/jaeger_strategy.h"
#include "sdk/sampling/trace_state_text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using spandrel::sdk::SystemTime;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  (void)spandrel::sdk::OutcomeOfRpc({}, input);
  (void)spandrel::sdk::JaegerStrategy::FromJson(input);
  (void)spandrel::net::DecodeRetryDelay(input);
  const std::string state = spandrel::sdk::WithThreshold(input, size);
  SPANDREL_CHECK(spandrel::sdk::ReadOtTraceState(state).threshold == size);
  if (input.size() < 2) return 0;

  spandrel::net::Response response;
  response.status = (data[0] << 8 | data[1]) % 700;
  input.remove_prefix(2);
  const size_t line = std::min(input.find('\n'), input.size());
  response.headers = {{"content-type", "application/x-protobuf"},
                      {"retry-after", std::string(input.substr(0, line))}};
  response.body = input.substr(std::min(line + 1, input.size()));
  const SystemTime now{std::chrono::seconds(1'700'000'000)};
  const auto outcome = spandrel::sdk::OutcomeOfHttp(response, now);
  const auto delay = outcome.status.retry_after();
  SPANDREL_CHECK(!delay || delay->count() >= 0);
  return 0;
}
