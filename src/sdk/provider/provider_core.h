// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/mutex.h"
#include "opentelemetry/trace/tracer_provider.h"
#include "sdk/export/exporter.h"
#include "sdk/provider/self_metrics.h"
#include "sdk/provider/tracer.h"
#include "sdk/record/span_buffer.h"
#include "sdk/sampling/sampler.h"
#include "spandrel/sdk.h"

namespace spandrel::sdk {

// All of one provider. Spans and tracers refer to it without counting. It lives until its owner has
// given it up, no handle of it or of a tracer is left, no recorded span is live, and then another
// core is made: never while something goes, so that nothing is destroyed while the process exits.
// Thread-safe.
class ProviderCore final : public trace_api::TracerProvider {
 public:
  // For MakeProviderCore, which lets it know about forks and exit.
  ProviderCore(Options options, TransportFactory connect);
  // What an earlier process left on disk does not wait for a span of this one.
  void ResumeSpool();
  // Ends the ownership, after the shutdown.
  void GiveUp();
  ~ProviderCore() override;

  // While one is there, the core is not destroyed.
  opentelemetry::nostd::shared_ptr<trace_api::TracerProvider> NewHandle();

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
  SpanBuffer& buffer() {
    return buffer_;
  }

  // For the process hooks, with their lock held: whether nobody needs the core any more, which then
  // has no tracers left and is to be destroyed.
  bool given_up() const {
    return given_up_;
  }
  bool TryEmpty();

  // Around fork, for the process hooks. The locks of the slots, and then of the buffer, are taken
  // after this one's.
  void PrepareFork() SPANDREL_ACQUIRE(mutex_);
  void AfterForkInParent() SPANDREL_RELEASE(mutex_);
  void AfterForkInChild() SPANDREL_RELEASE(mutex_);

 private:
  void StartMetrics();

  // The exporter starts with the first span, so that a process that makes none has no thread.
  void OnData(bool urgent);
  std::shared_ptr<Exporter> StartExporter();  // null after the shutdown
  std::shared_ptr<Exporter> CurrentExporter();
  opentelemetry::nostd::shared_ptr<trace_api::Tracer> FindOrMakeTracer(std::string scope_head,
                                                                       std::string_view schema_url);
  void Sweep(bool& urgent) SPANDREL_REQUIRES(mutex_);

  const Options options_;
  const TransportFactory connect_;
  Sampler sampler_;
  std::atomic<bool> stopped_;
  std::atomic<bool> given_up_{false};
  alignas(64) std::atomic<uint32_t> handles_{0};  // apart from what every span reads
  ExportCounters counters_;
  SpanBuffer buffer_;
  const TracerShared shared_;

  std::unique_ptr<SelfMetrics> metrics_;  // until the shutdown

  // Few enough that their blocks find room among the buffer's spare ones.
  static constexpr size_t kFewTracers = 16;

  base::Mutex mutex_;  // taken after a slot's lock, and before LanesMutex()
  // By the text of their scope, which they hold.
  std::unordered_map<std::string_view, std::unique_ptr<Tracer>> tracers_
      SPANDREL_GUARDED_BY(mutex_);
  size_t sweep_at_ SPANDREL_GUARDED_BY(mutex_) = kFewTracers;  // so many tracers
  std::shared_ptr<Exporter> exporter_ SPANDREL_GUARDED_BY(mutex_);
};

}  // namespace spandrel::sdk
