// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>

#include "exporters/debug/config.h"
#include "span/span_batch.h"

namespace spandrel::exporters {

// Describes a batch for people, line by line; values are JSON, so each stays on its line.
void DescribeBatch(const span::SpanBatch& batch, Verbosity verbosity,
                   const std::function<void(std::string_view line)>& write_line);

}  // namespace spandrel::exporters
