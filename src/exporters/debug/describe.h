// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>

#include "exporters/debug/config.h"
#include "signal/record_batch.h"
#include "span/span_batch.h"

namespace spandrel::exporters {

using LineWriter = std::function<void(std::string_view line)>;

// Describes a batch for people, line by line; values are JSON, so each stays on its line. Metrics
// and log records in full detail are OTLP/JSON, a line each.
void DescribeBatch(const span::SpanBatch& batch, Verbosity verbosity, const LineWriter& write_line);
void DescribeBatch(const signal::MetricBatch& batch, Verbosity verbosity,
                   const LineWriter& write_line);
void DescribeBatch(const signal::LogBatch& batch, Verbosity verbosity,
                   const LineWriter& write_line);

}  // namespace spandrel::exporters
