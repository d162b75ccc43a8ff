// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "columnar/part/read/row_group.h"
#include "span/span_view.h"

namespace spandrel::columnar {

// The columns of a whole row group that questions about many spans read, each once it is asked for.
// Serves one row group after the other; memory is kept. One thread.
class RowColumns {
 public:
  // What was read of another row group is gone. The row group outlives it.
  void Open(const RowGroup& group);
  // All columns. DATA_LOSS, as of the functions below, when the row group cannot be read.
  base::Status Load(const RowGroup& group);

  base::Status LoadTemplates();
  base::Status LoadStarts();
  base::Status LoadDurations();
  base::Status LoadWeights();

  uint32_t row_count() const { return group_->row_count(); }

  // Of each row, once they are loaded.
  const std::vector<uint32_t>& template_of() const { return template_of_; }
  const std::vector<uint64_t>& starts() const { return starts_; }
  // Zero where a span ends before it starts.
  const std::vector<uint64_t>& durations() const { return durations_; }
  // How many spans a row stands for.
  uint16_t WeightOf(uint32_t row) const { return weights_.empty() ? 1 : weights_[row]; }

 private:
  const RowGroup* group_ = nullptr;
  std::vector<uint32_t> template_of_;  // these are empty until they are loaded
  std::vector<uint64_t> starts_;
  std::vector<uint64_t> durations_;
  std::vector<uint16_t> weights_;  // empty when all are 1
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
