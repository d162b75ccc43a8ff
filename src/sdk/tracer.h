// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "opentelemetry/trace/tracer.h"
#include "sdk/sampler.h"
#include "sdk/span_buffer.h"
#include "sdk/span_identity.h"
#include "sdk/thread_state.h"
#include "spandrel/sdk.h"

namespace spandrel::sdk {

namespace trace_api = opentelemetry::trace;

class ProviderCore;
struct SpanView;

// Makes the spans of one instrumentation scope. Lives as long as the process. Thread-safe.
class Tracer final : public trace_api::Tracer {
 public:
  // `scope` is the encoded content of ScopeSpans before its spans, `index` unique in the process.
  Tracer(ProviderCore& provider, uint32_t index, std::string scope, std::string schema_url);

  opentelemetry::nostd::shared_ptr<trace_api::Span> StartSpan(
      opentelemetry::nostd::string_view name,
      const opentelemetry::common::KeyValueIterable& attributes,
      const trace_api::SpanContextKeyValueIterable& links,
      const trace_api::StartSpanOptions& options) noexcept override;

#if OPENTELEMETRY_ABI_VERSION_NO < 2
  void ForceFlushWithMicroseconds(uint64_t timeout) noexcept override;
  void CloseWithMicroseconds(uint64_t timeout) noexcept override;
#endif

  uint32_t index() const {
    return index_;
  }
  const std::string& scope() const {
    return scope_;
  }
  const std::string& schema_url() const {
    return schema_url_;
  }
  const SpanLimits& limits() const {
    return limits_;
  }

  // Adds the message of an ended span; see SpanBuffer::Add.
  void Add(std::string_view message) {
    if (stopped_.load(std::memory_order_relaxed)) [[unlikely]]
      return CountLateSpan();
    ThreadState& thread = t_thread;
    if (index_ < thread.slot_count && thread.slots[index_] != nullptr) [[likely]] {
      return buffer_.Add(*thread.slots[index_], message);
    }
    AddWithoutSlot(message);
  }

 private:
  using SpanPtr = opentelemetry::nostd::shared_ptr<trace_api::Span>;

  SpanPtr StartSpanWith(SpanIdentity identity, SpanView parent,
                        opentelemetry::nostd::string_view name,
                        const opentelemetry::common::KeyValueIterable& attributes,
                        const trace_api::SpanContextKeyValueIterable& links,
                        const trace_api::StartSpanOptions& options);
  SpanPtr MakeSpan(const SpanIdentity& identity, SpanView&& parent,
                   opentelemetry::nostd::string_view name,
                   const opentelemetry::common::KeyValueIterable& attributes,
                   const trace_api::SpanContextKeyValueIterable& links,
                   const trace_api::StartSpanOptions& options);
  void AddWithoutSlot(std::string_view message);
  bool RememberSlot(ThreadSlot* slot);
  void CountLateSpan();

  ProviderCore& provider_;
  SpanBuffer& buffer_;
  const Sampler& sampler_;
  const SpanLimits& limits_;
  const std::atomic<bool>& stopped_;
  const uint32_t index_;
  const std::string scope_;
  const std::string schema_url_;
};

}  // namespace spandrel::sdk
