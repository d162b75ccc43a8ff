// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/health.h"
#include "base/intake_gate.h"
#include "base/metrics.h"
#include "base/status.h"
#include "net/peer/server.h"
#include "net/socket/io_runtime.h"
#include "pipeline/graph/graph.h"
#include "pipeline/service.h"
#include "server/components.h"
#include "server/options.h"
#include "server/process/memory.h"
#include "server/process/memory_watch.h"
#include "server/process/ready_file.h"
#include "server/process/reload_requests.h"
#include "server/store/stores.h"

namespace spandrel::server {

// The running server: everything that a configuration names, from `Start` to `Stop`.
class Collector {
 public:
  explicit Collector(const Options& options);

  // Reads the configuration, makes and starts everything, writes the ready file. What is wrong with
  // the configuration is in the message, a line each.
  base::Status Start();

  // Reads the configuration again and brings what runs to it by difference
  // (pipeline::Graph::Reload). When it is wrong, nothing changes. Logs how it went, and answers
  // those who asked over HTTP.
  void Reload();

  // Stops in the reverse order of the start. What is under way may finish until `deadline`.
  void Stop(std::chrono::steady_clock::time_point deadline);

  const pipeline::Factories& factories() const { return factories_; }
  const Addresses& addresses() const { return addresses_; }

 private:
  base::Status StartOwnMetrics(const pipeline::TelemetryConfig& telemetry);
  base::Status ReplaceOwnMetrics(const pipeline::TelemetryConfig& telemetry);
  void WarnOfExposure(const pipeline::ServiceConfig& config);
  base::Status TryReload();

  const Options& options_;
  base::MetricRegistry metrics_;
  const base::Result<size_t> ceiling_;
  MemoryShares memory_;
  base::HealthBoard health_;
  base::IntakeGate intake_{metrics_};
  std::vector<std::shared_ptr<void>> gauges_;
  Addresses addresses_;
  Stores stores_{metrics_, health_, memory_.OfStores(), &intake_};
  MemoryWatch memory_watch_;
  ReloadRequests reload_requests_;
  net::IoRuntime runtime_;
  pipeline::Factories factories_;
  uint64_t own_metrics_hash_ = 0;  // of what was configured
  std::unique_ptr<net::Server> own_metrics_;
  std::unique_ptr<pipeline::Graph> graph_;
};

}  // namespace spandrel::server
