// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/status.h"
#include "traceql/ast.h"
#include "traceql/token_stream.h"

// The parts of a query around its pipelines; each begins at the token in view.
namespace spandrel::traceql {

// `{ ... }`; of `{ }` the constant true.
base::Result<FieldExpr> ParseFilter(TokenStream& tokens);
// One or more fields with commas between them.
base::Result<std::vector<Field>> ParseFields(TokenStream& tokens);
// `rate() by(span.a, name)`; the function's name is in view.
base::Result<Metrics> ParseMetrics(TokenStream& tokens, MetricsFunction function);
// `topk(10)`.
base::Result<SecondStage> ParseTopOrBottom(TokenStream& tokens);
// `with(most_recent=true)`.
base::Result<std::vector<Hint>> ParseHints(TokenStream& tokens);

}  // namespace spandrel::traceql
