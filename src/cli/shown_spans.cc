// SPDX-License-Identifier: Apache-2.0
#include "cli/shown_spans.h"

namespace spandrel::cli {

bool ShownSpans::Add(const span::TraceId& trace, const span::SpanId& span,
                     uint64_t start_unix_nano) {
  const bool is_new = spans_.emplace(start_unix_nano, trace, span).second;
  if (spans_.size() > most_) spans_.erase(spans_.begin());
  return is_new;
}

void ShownSpans::ForgetBefore(uint64_t start_unix_nano) {
  spans_.erase(spans_.begin(), spans_.lower_bound({start_unix_nano, {}, {}}));
}

}  // namespace spandrel::cli
