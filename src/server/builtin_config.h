// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace spandrel::server {

// What `spandrel` without --config runs: the all-in-one. `spandrel print-config` shows it.
inline constexpr std::string_view kBuiltinConfigName = "built-in";
inline constexpr std::string_view kBuiltinConfig = R"(receivers:
  otlp:
    protocols:
      grpc:
        endpoint: localhost:4317
      http:
        endpoint: localhost:4318
exporters:
  store:
    store: store
extensions:
  store:
    directory: ./spandrel-data
    durability: fsync
  query:
    endpoint: localhost:16686
    tempo:
      endpoint: localhost:3200
    store: store
service:
  extensions: [store, query]
  telemetry:
    metrics:
      level: none
  pipelines:
    traces:
      receivers: [otlp]
      exporters: [store]
)";

}  // namespace spandrel::server
