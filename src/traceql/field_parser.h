// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/status.h"
#include "traceql/ast.h"
#include "traceql/token_stream.h"

namespace spandrel::traceql {

// What stands between the braces of a filter: `span.a = 1 && duration > 2s`.
base::Result<FieldExpr> ParseFieldExpr(TokenStream& tokens);
// An attribute or an intrinsic.
base::Result<Field> ParseField(TokenStream& tokens);
// A constant, without a sign.
base::Result<Static> ParseStatic(TokenStream& tokens);

}  // namespace spandrel::traceql
