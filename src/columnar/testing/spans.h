// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <future>
#include <string>

#include "base/status.h"
#include "span/span_batch.h"

namespace spandrel::columnar {

// `writer` has the Append of a storage::Writer.
template <typename Writer>
base::Status AppendAndWait(Writer& writer, span::SpanBatch batch) {
  std::promise<base::Status> done;
  writer.Append(std::move(batch),
                [&done](base::Status status) { done.set_value(std::move(status)); });
  return done.get_future().get();
}

}  // namespace spandrel::columnar
