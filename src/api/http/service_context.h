// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "api/http/static_files.h"
#include "base/clock.h"
#include "base/health.h"
#include "base/metrics.h"
#include "base/worker_pool.h"
#include "storage/store.h"

namespace spandrel::api {

// What the process knows of itself, for the page's status.
struct ServerStatus {
  std::string version;
  std::string data_directory;
  std::string otlp_grpc;  // where it listens; empty when it does not
  std::string otlp_http;
  uint64_t stored_spans = 0;  // of all tenants together
  uint64_t store_bytes = 0;
  std::vector<std::string> warnings =
      {};  // what is open that perhaps should not be, a sentence each
};

// What the service and its handlers work with. All of it outlives the service, and the service
// outlives the worker pool's last piece of work.
struct ServiceContext {
  storage::Reader& reader;
  base::MetricRegistry& metrics;
  base::WorkerPool& workers;
  std::function<ServerStatus()> status;  // called from any thread
  std::span<const EmbeddedFile> page;
  const base::Clock& clock = base::SystemClock();
  const base::HealthBoard* health = nullptr;  // null: nobody says how it is
};

}  // namespace spandrel::api
