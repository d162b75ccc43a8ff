// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "signal/record_batch.h"
#include "span/span_batch.h"
#include "span/span_view.h"

namespace spandrel::wire {

// The records of a batch of one scope, and the scopes of one resource. Never empty. Views into the
// batch. `Ref` is span::SpanRef or signal::RecordRef.
template <typename Ref>
struct ScopeGroup {
  std::vector<Ref> records;
};
template <typename Ref>
struct ResourceGroup {
  std::vector<ScopeGroup<Ref>> scopes;

  // Any record of the group: the way to the resource that they share.
  const Ref& first() const { return scopes.front().records.front(); }
};

// Groups the records of all chunks by equal resource bytes and schema URL, then by equal scope
// bytes and schema URL. Groups and records keep the order in which they first appear.
std::vector<ResourceGroup<span::SpanRef>> GroupByResource(
    const std::vector<std::shared_ptr<const span::SpanChunk>>& chunks);
std::vector<ResourceGroup<signal::RecordRef>> GroupByResource(
    const std::vector<std::shared_ptr<const signal::RecordChunk>>& chunks);

}  // namespace spandrel::wire
