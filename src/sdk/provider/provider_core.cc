// SPDX-License-Identifier: Apache-2.0
#include "sdk/provider/provider_core.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "opentelemetry/metrics/provider.h"
#include "proto/otlp.h"
#include "proto/raw_writer.h"
#include "sdk/encoding/any_value.h"
#include "sdk/encoding/attribute_set.h"
#include "sdk/encoding/message_buffer.h"
#include "sdk/encoding/text.h"
#include "sdk/export/request_encoder.h"
#include "sdk/process/process_exit.h"
#include "sdk/resource/resource.h"

namespace spandrel::sdk {
namespace {

namespace nostd = opentelemetry::nostd;

uint64_t NextScopeNumber() {
  static constinit std::atomic<uint64_t> next{0};
  return next++;
}

// Exporters whose thread the child of a fork does not have. Their memory may be in any state, so
// they stay for ever: one for each core and each fork on the way to this process.
void KeepForEver(std::shared_ptr<Exporter> exporter) {
  static auto* const kept = new std::vector<std::shared_ptr<Exporter>>;
  kept->push_back(std::move(exporter));
}

SpanBuffer::Limits BufferLimits(const Options& options) {
  return {options.max_buffer_bytes, options.max_buffer_spans, options.exporter.max_request_spans};
}

}  // namespace

ProviderCore::ProviderCore(Options options, TransportFactory connect)
    : options_(std::move(options)),
      connect_(std::move(connect)),
      sampler_(options_.sampler, ServiceName(options_)),
      stopped_(options_.disabled),
      buffer_(BufferLimits(options_), [this](bool urgent) { OnData(urgent); }),
      shared_{buffer_, sampler_, options_.limits, stopped_,
              [this](Milliseconds timeout) { (void)ForceFlush(timeout); }} {
  StartMetrics();
}

ProviderCore::~ProviderCore() = default;

void ProviderCore::ResumeSpool() {
  if (!options_.exporter.spool_directory.empty()) StartExporter();
}

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
  AttributeSet set(proto::LengthTag(proto::otlp::kScopeAttributes), {}, encoded);
  if (attributes != nullptr) set.SetAll(*attributes);
  return FindOrMakeTracer(EncodeScope(View(name), View(version), encoded.view()), View(schema_url));
}
#else
nostd::shared_ptr<trace_api::Tracer> ProviderCore::GetTracer(
    nostd::string_view name, nostd::string_view version, nostd::string_view schema_url) noexcept {
  return FindOrMakeTracer(EncodeScope(View(name), View(version), {}), View(schema_url));
}
#endif

nostd::shared_ptr<trace_api::Tracer> ProviderCore::FindOrMakeTracer(std::string scope_head,
                                                                    std::string_view schema_url) {
  const size_t head_size = scope_head.size();
  std::string text = std::move(scope_head);
  text.append(schema_url);
  nostd::shared_ptr<trace_api::Tracer> handle;
  bool urgent = false;
  {
    base::MutexLock lock(mutex_);
    if (const auto found = tracers_.find(text); found != tracers_.end()) {
      return found->second->NewHandle();
    }
    if (tracers_.size() >= sweep_at_ && !ProcessExits()) Sweep(urgent);
    auto scope = std::make_shared<const Scope>(NextScopeNumber(), std::move(text), head_size);
    auto tracer = std::make_unique<Tracer>(shared_, scope);
    handle = tracer->NewHandle();
    tracers_.emplace(scope->text(), std::move(tracer));
  }
  if (urgent) OnData(true);
  return handle;
}

// Destroys the tracers that nobody has. With so many more as are left then, the next sweep is due.
void ProviderCore::Sweep(bool& urgent) {
  std::erase_if(tracers_, [&urgent](const auto& entry) { return entry.second->TryClose(urgent); });
  sweep_at_ = std::max(kFewTracers, 2 * tracers_.size());
}

nostd::shared_ptr<trace_api::TracerProvider> ProviderCore::NewHandle() {
  handles_.fetch_add(1, std::memory_order_relaxed);
  return std::shared_ptr<trace_api::TracerProvider>(this, [this](trace_api::TracerProvider*) {
    handles_.fetch_sub(1, std::memory_order_release);
  });
}

void ProviderCore::GiveUp() {
  given_up_ = true;
}

// Without owner and handles nobody makes a tracer, and without tracers nobody uses the core.
bool ProviderCore::TryEmpty() {
  if (handles_.load(std::memory_order_acquire) != 0) return false;
  bool urgent = false;
  base::MutexLock lock(mutex_);
  Sweep(urgent);
  return tracers_.empty();
}

void ProviderCore::OnData(bool urgent) {
  if (const std::shared_ptr<Exporter> exporter = StartExporter()) exporter->Notify(urgent);
}

std::shared_ptr<Exporter> ProviderCore::StartExporter() {
  base::MutexLock lock(mutex_);
  if (exporter_ == nullptr && !stopped_) {
    exporter_ = std::make_shared<Exporter>(options_.exporter, EncodeResource(options_), buffer_,
                                           counters_, connect_);
  }
  return exporter_;
}

std::shared_ptr<Exporter> ProviderCore::CurrentExporter() {
  base::MutexLock lock(mutex_);
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
  buffer_.FreeSpareBlocks();
  metrics_.reset();
  return all_acknowledged;
}

Stats ProviderCore::stats() {
  const SpanBuffer::Counts counts = buffer_.counts();
  Stats stats;
  stats.ended = counts.ended;
  stats.exported = counters_.exported;
  stats.spooled = counters_.spooled;
  stats.spool_exported = counters_.spool_exported;
  stats.spool_rejected = counters_.spool_rejected;
  stats.spool_corrupt_files = counters_.spool_corrupt_files;
  stats.dropped_buffer_full = counts.dropped_buffer_full;
  stats.dropped_rejected = counters_.rejected;
  stats.dropped_retry_expired = counters_.retry_expired;
  stats.dropped_shutdown = counters_.shutdown + counts.late;
  return stats;
}

void ProviderCore::PrepareFork() {
  mutex_.Lock();
  sampler_.LockForFork();
}

void ProviderCore::AfterForkInParent() {
  sampler_.UnlockAfterFork();
  mutex_.Unlock();
}

// The exporter's thread does not exist in the child: the next span that ends makes a new one. The
// buffer's locks are held too, which the analysis cannot see.
void ProviderCore::AfterForkInChild() SPANDREL_NO_THREAD_SAFETY_ANALYSIS {
  if (exporter_ != nullptr) KeepForEver(std::move(exporter_));
  exporter_ = nullptr;
  sampler_.ResetInChild();
  sampler_.UnlockAfterFork();
  buffer_.ResetInChild();
  counters_.Reset();
  mutex_.Unlock();
}

}  // namespace spandrel::sdk
