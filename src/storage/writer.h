// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "base/status.h"
#include "span/span_batch.h"

namespace spandrel::storage {

using Completion = std::function<void(base::Status)>;

// How spans come into a store. Every method may be called from any thread.
class Writer {
 public:
  virtual ~Writer() = default;

  // Stores the batch as a whole or not at all. Calls `done` exactly once, from any thread, possibly
  // before it returns: OK once the spans are as durable as the engine is set to make them, a
  // retryable status when there is no room now, another one when the store cannot take them at all.
  // `done` must not block.
  virtual void Append(span::SpanBatch&& batch, Completion done) = 0;
};

}  // namespace spandrel::storage
