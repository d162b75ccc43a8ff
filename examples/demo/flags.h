// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

namespace spandrel::demo {

// What the command line sets. Each fix removes one bottleneck that the traces show.
struct Flags {
  std::string endpoint;  // of the collector; empty: OTEL_EXPORTER_OTLP_ENDPOINT or the default
  std::string page = "http://127.0.0.1:16686";  // where the traces are shown
  int port = 8080;                              // of the frontend; 0: any
  double requests_per_second = 1;
  double duration_seconds = 0;  // 0: until a signal
  std::string ready_file;

  std::chrono::milliseconds database_delay{300};  // --fix-db-delay makes it 30
  bool database_lock = true;                      // --fix-db-lock
  bool driver_lookups_one_by_one = true;          // --fix-driver-lookups
  int route_workers = 3;                          // --fix-route-workers makes it 100
};

}  // namespace spandrel::demo
