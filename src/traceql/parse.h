// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

#include "base/status.h"
#include "traceql/ast.h"

namespace spandrel::traceql {

inline constexpr size_t kMaxQueryBytes = size_t{128} << 10;

// Reads a query, and checks its types as CheckTypes does. INVALID_ARGUMENT says line, column, what
// was expected and the nearest word: "1:3: expected an attribute like span.name ..., not 'nmae';
// did you mean 'name'?". UNIMPLEMENTED for what the grammar has and nothing here can answer.
base::Result<Query> Parse(std::string_view text);

}  // namespace spandrel::traceql
