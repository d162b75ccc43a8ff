// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "opentelemetry/trace/tracer_provider.h"
#include "sdk/exporter.h"
#include "sdk/sampler.h"
#include "sdk/self_metrics.h"
#include "sdk/span_buffer.h"
#include "sdk/tracer.h"
#include "spandrel/sdk.h"

namespace spandrel::sdk {

// All of one provider. Made once and never destroyed, so that spans, tracers and threads may refer
// to it without counting, also while the process exits. Thread-safe.
class ProviderCore final : public trace_api::TracerProvider {
 public:
  // A new core, known to the hooks for fork and exit.
  static ProviderCore& Make(Options options, TransportFactory connect = MakeOtlpTransport);

#if OPENTELEMETRY_ABI_VERSION_NO >= 2
  opentelemetry::nostd::shared_ptr<trace_api::Tracer> GetTracer(
      opentelemetry::nostd::string_view name, opentelemetry::nostd::string_view version,
      opentelemetry::nostd::string_view schema_url,
      const opentelemetry::common::KeyValueIterable* attributes) noexcept override;
#else
  opentelemetry::nostd::shared_ptr<trace_api::Tracer> GetTracer(
      opentelemetry::nostd::string_view name, opentelemetry::nostd::string_view version,
      opentelemetry::nostd::string_view schema_url) noexcept override;
#endif

  bool ForceFlush(Milliseconds timeout);
  bool Shutdown(Milliseconds timeout);
  Stats stats();

  const Options& options() const {
    return options_;
  }
  const Sampler& sampler() const {
    return sampler_;
  }
  const std::atomic<bool>& stopped() const {
    return stopped_;
  }
  SpanBuffer& buffer() {
    return buffer_;
  }
  void CountLateSpan() {
    ++late_spans_;
  }

  void PrepareFork();
  void AfterForkInParent();
  void AfterForkInChild();

 private:
  ProviderCore(Options options, TransportFactory connect);
  void StartMetrics();

  // The exporter starts with the first span, so that a process that makes none has no thread.
  void OnData(bool urgent);
  std::shared_ptr<Exporter> StartExporter();  // null after the shutdown
  std::shared_ptr<Exporter> CurrentExporter();
  opentelemetry::nostd::shared_ptr<trace_api::Tracer> FindOrMakeTracer(std::string scope,
                                                                       std::string schema_url);

  const Options options_;
  const TransportFactory connect_;
  Sampler sampler_;
  std::atomic<bool> stopped_;
  std::atomic<uint64_t> late_spans_{0};
  ExportCounters counters_;
  SpanBuffer buffer_;

  std::unique_ptr<SelfMetrics> metrics_;  // until the shutdown

  std::mutex mutex_;  // taken after a slot's lock and before the buffer's
  std::vector<std::unique_ptr<Tracer>> tracers_;         // guarded by mutex_
  std::shared_ptr<Exporter> exporter_;                   // guarded by mutex_
  std::vector<std::shared_ptr<Exporter>> lost_by_fork_;  // guarded by mutex_
};

}  // namespace spandrel::sdk
