// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "traffic/generator.h"

namespace CLI {
class App;
}

namespace spandrel::traffic {

// What a request holds of a trace.
enum class Arrival : bool {
  kWhole,   // all of it, unless the request is full
  kPieces,  // the spans of one process
};

// What `spandrel load` asks for.
struct LoadOptions {
  std::string endpoint = "localhost:4317";
  uint64_t spans = 100'000;
  uint64_t spans_per_request = 1000;
  uint64_t spans_per_second = 0;  // 0: as fast as they are acknowledged
  uint64_t requests_in_flight = 8;
  uint64_t seed = 1;
  Shape shape = Shape::kCompany;
  Arrival arrival = Arrival::kWhole;
  std::chrono::seconds period{0};  // start times cover this much, until now; 0: they begin now
  std::vector<PlantedAttribute> planted;
  std::string compression;  // "", gzip, zstd
  bool json = false;        // print the result as one JSON line
};

// Adds `load`.
CLI::App* AddLoadCommand(CLI::App& app, LoadOptions* options);

}  // namespace spandrel::traffic
