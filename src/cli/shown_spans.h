// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <tuple>

#include "span/ids.h"

namespace spandrel::cli {

// Which spans were shown already, of those that start within a window that moves on. Holds no more
// than `most`: of more, those that started first are forgotten.
class ShownSpans {
 public:
  explicit ShownSpans(size_t most) : most_(most) {}

  // True, once, for a span that was not added before.
  bool Add(const span::TraceId& trace, const span::SpanId& span, uint64_t start_unix_nano);
  // No span that started before will be asked for again.
  void ForgetBefore(uint64_t start_unix_nano);
  size_t size() const { return spans_.size(); }

 private:
  using Key = std::tuple<uint64_t, span::TraceId, span::SpanId>;

  const size_t most_;
  std::set<Key> spans_;
};

}  // namespace spandrel::cli
