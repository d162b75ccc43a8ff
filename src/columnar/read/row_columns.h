// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "columnar/part/row_group.h"
#include "span/span_view.h"

namespace spandrel::columnar {

// The columns of a whole row group that questions about many spans read. May be loaded again for
// another row group; its memory is kept.
struct RowColumns {
  // DATA_LOSS when the row group cannot be read.
  base::Status Load(const RowGroup& group);

  uint32_t row_count() const { return static_cast<uint32_t>(template_of.size()); }
  // Zero when the span ends before it starts.
  uint64_t DurationOf(uint32_t row) const {
    return starts[row] + durations[row] > starts[row] ? durations[row] : 0;
  }

  // How many spans the row stands for.
  uint16_t WeightOf(uint32_t row) const { return weights.empty() ? 1 : weights[row]; }

  const std::vector<uint32_t>* first_rows = nullptr;  // RowGroup::FirstRows
  std::vector<uint32_t> template_of;
  std::vector<uint64_t> starts;
  std::vector<uint64_t> durations;  // modulo 2^64
  std::vector<uint16_t> weights;    // empty when all are 1

 private:
  base::Status LoadWeights(const RowGroup& group);
};

// A span as the templates of a row group say it is: without ids, times and message.
class TemplateProbe {
 public:
  explicit TemplateProbe(const RowGroup& group);

  // Valid until the next call.
  span::SpanRef SpanOf(uint32_t of_template);
  span::SpanEntry& entry() { return chunk_.spans[0]; }

 private:
  const RowGroup& group_;
  span::SpanChunk chunk_;
};

}  // namespace spandrel::columnar
