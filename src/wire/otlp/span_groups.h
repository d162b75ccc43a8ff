// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "span/span_batch.h"
#include "span/span_view.h"

namespace spandrel::wire {

// The spans of a batch of one scope, and the scopes of one resource. Never empty. Views into the
// batch.
struct ScopeGroup {
  std::vector<span::SpanRef> spans;
};
struct ResourceGroup {
  std::vector<ScopeGroup> scopes;

  // Any span of the group: the way to the resource that they share.
  const span::SpanRef& first() const { return scopes.front().spans.front(); }
};

// Groups the spans of all chunks by equal resource bytes and schema URL, then by equal scope bytes
// and schema URL. Groups and spans keep the order in which they first appear.
std::vector<ResourceGroup> GroupByResource(const span::SpanBatch& batch);

}  // namespace spandrel::wire
