// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "instrument/attributes.h"
#include "opentelemetry/context/context.h"
#include "opentelemetry/trace/span_context_kv_iterable.h"
#include "opentelemetry/trace/span_startoptions.h"
#include "opentelemetry/trace/tracer.h"
#include "spandrel/http.h"

namespace spandrel::instrument {

// How a span begins: its parent, or a link to what would have been its parent.
class SpanStart final : private opentelemetry::trace::SpanContextKeyValueIterable {
 public:
  SpanStart(const opentelemetry::context::Context& parent, opentelemetry::trace::SpanKind kind);

  // Starts a new trace instead, linked to a valid span of the parent context.
  void LinkToParent();
  void SetTime(std::chrono::steady_clock::time_point start);
  http::SpanPtr Run(opentelemetry::trace::Tracer& tracer, std::string_view name,
                    const common::KeyValueIterable& attributes) const;

 private:
  bool ForEachKeyValue(
      nostd::function_ref<bool(opentelemetry::trace::SpanContext, const common::KeyValueIterable&)>
          callback) const noexcept override;
  size_t size() const noexcept override { return link_ ? 1 : 0; }

  opentelemetry::trace::StartSpanOptions options_;
  std::optional<opentelemetry::trace::SpanContext> link_;
};

}  // namespace spandrel::instrument
