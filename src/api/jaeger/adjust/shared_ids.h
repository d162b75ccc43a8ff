// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <optional>

#include "span/span_batch.h"

namespace spandrel::api {

// What becomes of the ids of a span.
struct NewIds {
  std::optional<span::SpanId> id;
  std::optional<span::SpanId> parent;
};

// Zipkin lets a client and its servers report spans of one id. Here each such server span gets an
// id that no span of the trace has, and the client's span becomes its parent. Spans below the
// shared id go with the server of their own service; those of the client's service stay with the
// client, and the others go with the first server. By place in the trace; those that keep their ids
// are not there.
std::map<size_t, NewIds> SeparateSharedIds(const span::SpanBatch& trace);

}  // namespace spandrel::api
