// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/status.h"
#include "promql/ast.h"

namespace spandrel::promql {

// INVALID_ARGUMENT for what is not PromQL, UNIMPLEMENTED for what is not answered here; both say
// line and column, and what was expected. Nothing recurses, whatever the text is.
base::Result<Query> Parse(std::string_view text);

// A selector alone, without a range: `up{service="shop"}`.
base::Result<Selector> ParseSelector(std::string_view text);

}  // namespace spandrel::promql
