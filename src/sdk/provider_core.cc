// SPDX-License-Identifier: Apache-2.0
#include "sdk/provider_core.h"

#include <algorithm>
#include <utility>

#include "opentelemetry/metrics/provider.h"
#include "sdk/any_value.h"
#include "sdk/api_pins.h"
#include "sdk/attribute_set.h"
#include "sdk/message_buffer.h"
#include "sdk/process_hooks.h"
#include "sdk/request_encoder.h"
#include "sdk/resource.h"
#include "sdk/span_clock.h"
#include "sdk/text.h"

namespace spandrel::sdk {
namespace {

namespace nostd = opentelemetry::nostd;

// Of what lives as long as the process.
template <typename T, typename U>
nostd::shared_ptr<T> Unowned(U* object) {
  return std::shared_ptr<T>(std::shared_ptr<void>(), object);
}

uint32_t NextTracerIndex() {
  static constinit std::atomic<uint32_t> next{0};
  return next++;
}

SpanBuffer::Limits BufferLimits(const Options& options) {
  return {options.max_buffer_bytes, options.max_buffer_spans, options.exporter.max_request_spans};
}

}  // namespace

ProviderCore& ProviderCore::Make(Options options, TransportFactory connect) {
  KeepApiUsableAtExit();
  StartClock();
  auto* const core = new ProviderCore(std::move(options), std::move(connect));
  core->StartMetrics();
  RegisterForProcessHooks(core);
  // What an earlier process left on disk does not wait for a span of this one.
  if (!core->options_.exporter.spool_directory.empty()) core->StartExporter();
  return *core;
}

ProviderCore::ProviderCore(Options options, TransportFactory connect)
    : options_(std::move(options)),
      connect_(std::move(connect)),
      sampler_(options_.sampler, ServiceName(options_)),
      stopped_(options_.disabled),
      buffer_(BufferLimits(options_), [this](bool urgent) { OnData(urgent); }) {}

void ProviderCore::StartMetrics() {
  const auto meters = opentelemetry::metrics::Provider::GetMeterProvider();
  const SelfMetrics::Read read = [this] {
    return SelfMetrics::Reading{stats(), counters_.in_flight};
  };
  metrics_ = std::make_unique<SelfMetrics>(*meters, options_, read);
  counters_.operation_ended = [this](std::chrono::nanoseconds duration, std::string_view error) {
    metrics_->RecordOperation(duration, error);
  };
}

#if OPENTELEMETRY_ABI_VERSION_NO >= 2
nostd::shared_ptr<trace_api::Tracer> ProviderCore::GetTracer(
    nostd::string_view name, nostd::string_view version, nostd::string_view schema_url,
    const opentelemetry::common::KeyValueIterable* attributes) noexcept {
  MessageBuffer encoded;
  AttributeSet set(LengthTag(3), {}, encoded);
  if (attributes != nullptr) set.SetAll(*attributes);
  return FindOrMakeTracer(EncodeScope(View(name), View(version), encoded.view()),
                          std::string(View(schema_url)));
}
#else
nostd::shared_ptr<trace_api::Tracer> ProviderCore::GetTracer(
    nostd::string_view name, nostd::string_view version, nostd::string_view schema_url) noexcept {
  return FindOrMakeTracer(EncodeScope(View(name), View(version), {}),
                          std::string(View(schema_url)));
}
#endif

nostd::shared_ptr<trace_api::Tracer> ProviderCore::FindOrMakeTracer(std::string scope,
                                                                    std::string schema_url) {
  std::lock_guard lock(mutex_);
  const auto found = std::find_if(tracers_.begin(), tracers_.end(), [&](const auto& tracer) {
    return tracer->scope() == scope && tracer->schema_url() == schema_url;
  });
  if (found != tracers_.end()) return Unowned<trace_api::Tracer>(found->get());
  tracers_.push_back(
      std::make_unique<Tracer>(*this, NextTracerIndex(), std::move(scope), std::move(schema_url)));
  return Unowned<trace_api::Tracer>(tracers_.back().get());
}

void ProviderCore::OnData(bool urgent) {
  if (const std::shared_ptr<Exporter> exporter = StartExporter()) exporter->Notify(urgent);
}

std::shared_ptr<Exporter> ProviderCore::StartExporter() {
  std::lock_guard lock(mutex_);
  if (exporter_ == nullptr && !stopped_) {
    exporter_ = std::make_shared<Exporter>(options_.exporter, EncodeResource(options_), buffer_,
                                           counters_, connect_);
  }
  return exporter_;
}

std::shared_ptr<Exporter> ProviderCore::CurrentExporter() {
  std::lock_guard lock(mutex_);
  return exporter_;
}

bool ProviderCore::ForceFlush(Milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const std::shared_ptr<Exporter> exporter = CurrentExporter();
  return exporter == nullptr || exporter->Flush(deadline);
}

bool ProviderCore::Shutdown(Milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  if (stopped_.exchange(true)) return true;
  sampler_.Stop();
  const std::shared_ptr<Exporter> exporter = CurrentExporter();
  bool all_acknowledged = true;
  if (exporter != nullptr) {
    all_acknowledged = exporter->Flush(deadline);
    exporter->Stop();
  }
  metrics_.reset();
  return all_acknowledged;
}

Stats ProviderCore::stats() {
  const SpanBuffer::Counts counts = buffer_.counts();
  Stats stats;
  stats.ended = counts.ended + late_spans_;
  stats.exported = counters_.exported;
  stats.spooled = counters_.spooled;
  stats.spool_exported = counters_.spool_exported;
  stats.spool_rejected = counters_.spool_rejected;
  stats.spool_corrupt_files = counters_.spool_corrupt_files;
  stats.dropped_buffer_full = counts.dropped_buffer_full;
  stats.dropped_rejected = counters_.rejected;
  stats.dropped_retry_expired = counters_.retry_expired;
  stats.dropped_shutdown = counters_.shutdown + late_spans_;
  return stats;
}

void ProviderCore::PrepareFork() {
  mutex_.lock();
  buffer_.LockForFork();
  sampler_.LockForFork();
}

void ProviderCore::AfterForkInParent() {
  sampler_.UnlockAfterFork();
  buffer_.UnlockAfterFork();
  mutex_.unlock();
}

// The exporter's thread does not exist in the child, and its memory may be in any state: it is
// put aside for ever, and the next span that ends makes a new one.
void ProviderCore::AfterForkInChild() {
  if (exporter_ != nullptr) lost_by_fork_.push_back(std::move(exporter_));
  exporter_ = nullptr;
  sampler_.ResetInChild();
  sampler_.UnlockAfterFork();
  buffer_.ResetInChild();
  buffer_.UnlockAfterFork();
  counters_.Reset();
  mutex_.unlock();
}

}  // namespace spandrel::sdk
