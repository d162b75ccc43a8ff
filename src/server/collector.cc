// SPDX-License-Identifier: Apache-2.0
#include "server/collector.h"

#include <algorithm>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.h"
#include "endpoints/gate.h"
#include "server/configuration.h"
#include "server/process/exposure.h"
#include "server/process/own_metrics.h"
#include "server/process/process.h"

namespace spandrel::server {
namespace {

// What a component that is gone from the configuration has to finish what it holds.
constexpr std::chrono::seconds kDrainTimeout{10};

size_t IoThreads(const Options& options) {
  if (options.io_threads != 0) return options.io_threads;
  return std::max(1U, std::thread::hardware_concurrency());
}

void LogWarnings(const config::Problems& problems) {
  for (const config::Problem& problem : problems.all()) {
    base::LogWarn("{}: {}: {}", problem.where.ToString(), problem.path, problem.message);
  }
}

std::vector<std::shared_ptr<void>> AddProcessGauges(base::MetricRegistry& metrics) {
  return {
      metrics.AddGauge("otelcol_process_memory_rss", {}, ResidentBytes),
      metrics.AddGauge("otelcol_process_cpu_seconds", {}, CpuSeconds),
  };
}

}  // namespace

Collector::Collector(const Options& options)
    : options_(options),
      ceiling_(MemoryCeiling(options.memory_mib)),
      memory_(ceiling_.ok() ? *ceiling_ : kLeastMemoryMib << 20, metrics_),
      gauges_(AddProcessGauges(metrics_)),
      memory_watch_({.ceiling = memory_.division.ceiling,
                     .requests = memory_.requests,
                     .least_requests = memory_.division.heads,
                     .release = [this] { stores_.ReleaseMemory(); },
                     .set_short = [this](bool is_short) { intake_.SetShortOfMemory(is_short); }},
                    metrics_),
      runtime_(IoThreads(options)),
      factories_(MakeFactories(runtime_, stores_, memory_, intake_, addresses_, reload_requests_)) {
}

base::Status Collector::Start() {
  if (!ceiling_.ok()) return ceiling_.status();
  const Configuration config = LoadConfiguration(options_, factories_);
  if (!config.ok()) {
    return {base::StatusCode::kInvalidArgument,
            "the configuration is wrong\n" + config.problems.ToString()};
  }
  LogWarnings(config.problems);
  if (!options_.verbose) base::SetLogLevel(config.loaded->telemetry.log_level);
  auto graph =
      pipeline::Graph::Build(*config.loaded, factories_, metrics_, memory_.requests, &health_);
  if (!graph.ok()) return graph.status();
  graph_ = *std::move(graph);
  memory_watch_.Start();
  SPANDREL_RETURN_IF_ERROR(graph_->Start());
  SPANDREL_RETURN_IF_ERROR(StartOwnMetrics(config.loaded->telemetry));
  WarnOfExposure(*config.loaded);
  return options_.ready_file.empty() ? base::Status()
                                     : WriteReadyFile(options_.ready_file, addresses_);
}

base::Status Collector::StartOwnMetrics(const pipeline::TelemetryConfig& telemetry) {
  own_metrics_hash_ = telemetry.metrics_hash;
  if (telemetry.metrics_endpoint.empty()) return {};
  auto endpoint = net::ParseEndpoint(telemetry.metrics_endpoint);
  if (!endpoint.ok()) return endpoint.status();
  endpoints::ListenerConfig listener;
  if (telemetry.metrics_listener != nullptr) {
    listener = static_cast<const OwnMetricsConfig&>(*telemetry.metrics_listener).listener;
  }
  listener.endpoint = *endpoint;
  auto gate = endpoints::Gate::Make(listener, endpoints::DefaultHosts::kOwn, "metrics", metrics_);
  if (!gate.ok()) return gate.status();
  const auto reload = endpoints::Guarded(
      *gate, endpoints::Role::kAdminister,
      [this](std::shared_ptr<net::ServerCall> call) { reload_requests_.Add(std::move(call)); });
  const auto read =
      endpoints::Guarded(*gate, endpoints::Role::kRead, MakeOwnMetricsHandler(metrics_));
  own_metrics_ = std::make_unique<net::Server>(
      runtime_,
      net::ServerOptions{
          .endpoint = *endpoint, .tls = listener.tls, .limits = {}, .name = "metrics"},
      metrics_, memory_.reads, WithReload(reload, WithProbes(*gate, health_, read)));
  SPANDREL_RETURN_IF_ERROR(own_metrics_->Start());
  addresses_.Set("metrics", own_metrics_->bound());
  return {};
}

// Only that listener: what else runs does not notice.
base::Status Collector::ReplaceOwnMetrics(const pipeline::TelemetryConfig& telemetry) {
  if (telemetry.metrics_hash == own_metrics_hash_) return {};
  if (own_metrics_) own_metrics_->Shutdown(std::chrono::steady_clock::now());
  own_metrics_.reset();
  return StartOwnMetrics(telemetry);
}

void Collector::WarnOfExposure(const pipeline::ServiceConfig& config) {
  std::vector<std::string> exposed = ExposedListeners(config);
  const pipeline::TelemetryConfig& telemetry = config.telemetry;
  const auto metrics = net::ParseEndpoint(telemetry.metrics_endpoint);
  if (!telemetry.metrics_endpoint.empty() && metrics.ok()) {
    endpoints::ListenerConfig listener;
    if (telemetry.metrics_listener != nullptr) {
      listener = static_cast<const OwnMetricsConfig&>(*telemetry.metrics_listener).listener;
    }
    std::string text = ExposureOf(
        "service::telemetry::metrics",
        {metrics->host, metrics->port, "tcp", listener.is_encrypted(), listener.asks_login()});
    if (!text.empty()) exposed.push_back(std::move(text));
  }
  for (const std::string& text : exposed) base::LogWarn("{}; see docs/guide/security.md", text);
  addresses_.SetWarnings(std::move(exposed));
}

void Collector::Reload() {
  const auto calls = reload_requests_.Take();
  const base::Status outcome = TryReload();
  if (!outcome.ok()) base::LogError("reload: nothing was changed: {}", outcome.message());
  AnswerReload(calls, outcome);
}

base::Status Collector::TryReload() {
  const Configuration config = LoadConfiguration(options_, factories_);
  if (!config.ok()) {
    return {base::StatusCode::kInvalidArgument,
            "the configuration is wrong\n" + config.problems.ToString()};
  }
  LogWarnings(config.problems);
  const auto changes =
      graph_->Reload(*config.loaded, std::chrono::steady_clock::now() + kDrainTimeout);
  if (!changes.ok()) return changes.status();
  const pipeline::TelemetryConfig& telemetry = config.loaded->telemetry;
  if (!options_.verbose) base::SetLogLevel(telemetry.log_level);
  runtime_.ReadTlsFilesAgain();
  SPANDREL_RETURN_IF_ERROR(ReplaceOwnMetrics(telemetry));
  WarnOfExposure(*config.loaded);
  base::LogInfo("reload: {} components kept, {} started, {} stopped", changes->kept, changes->added,
                changes->removed);
  return {};
}

void Collector::Stop(std::chrono::steady_clock::time_point deadline) {
  if (graph_) graph_->Shutdown(deadline);
  if (own_metrics_) own_metrics_->Shutdown(deadline);
  memory_watch_.Stop();
  stores_.Close();
}

}  // namespace spandrel::server
