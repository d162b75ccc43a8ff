// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "traceql/ast.h"

// The words of the language, once for reading, printing and suggestions.
namespace spandrel::traceql {

// As it is written alone: `duration`, `trace:id`.
std::string_view IntrinsicName(Intrinsic intrinsic);
// Of a word with its prefix: `duration`, `span:duration`, `trace:rootName`.
std::optional<Intrinsic> FindIntrinsic(std::string_view word);
// All forms of all intrinsics.
std::vector<std::string> IntrinsicWords();

// `span.`, `.` for an unscoped attribute.
std::string_view ScopePrefix(Scope scope);

// `error`, `server`, `true`, `maxInt`.
std::optional<Static> FindConstant(std::string_view word);

std::optional<AggregateOp> FindAggregate(std::string_view word);
std::string_view AggregateName(AggregateOp aggregate);
std::optional<MetricsFunction> FindMetricsFunction(std::string_view word);
std::string_view MetricsFunctionName(MetricsFunction function);

std::string_view OperatorText(BinaryOp op);
std::string OperatorText(Relation relation, Join join);

Type TypeOf(Intrinsic intrinsic);

// True of what may stand in an attribute's name outside of quotes.
bool IsNameByte(char c);

}  // namespace spandrel::traceql
