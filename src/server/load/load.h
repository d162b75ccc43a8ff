// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "server/load/generator.h"

namespace spandrel::server {

struct LoadOptions {
  std::string endpoint = "localhost:4317";
  uint64_t spans = 100'000;
  uint64_t spans_per_request = 1000;
  uint64_t spans_per_second = 0;  // 0: as fast as they are acknowledged
  uint64_t requests_in_flight = 8;
  uint64_t seed = 1;
  Shape shape = Shape::kCompany;
  std::chrono::seconds period{0};  // start times cover this much, until now; 0: they begin now
  std::vector<PlantedAttribute> planted;
  std::string compression;  // "", gzip, zstd
  bool json = false;        // print the result as one JSON line
};

// `spandrel load`: sends generated spans to an OTLP/gRPC server, shows the progress on standard
// error and the result on standard output. Retryable refusals are sent again. Stops early, with
// what was acknowledged so far, once `stop` is set. Returns the exit status.
int RunLoad(const LoadOptions& options, const std::atomic<bool>& stop);

}  // namespace spandrel::server
