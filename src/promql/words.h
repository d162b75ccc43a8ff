// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "promql/ast.h"

// The words and operators that are answered, once for reading and for suggestions.
namespace spandrel::promql {

struct FunctionInfo {
  std::string_view name;
  std::vector<ValueType> parameters;
  ValueType result;
};
const FunctionInfo& InfoOf(Function function);
std::optional<Function> FindFunction(std::string_view word);

// Keywords and aggregations are written in any case.
std::optional<AggregateOp> FindAggregate(std::string_view word);
bool TakesNumber(AggregateOp op);  // topk, bottomk
// Of an aggregation that PromQL has and that is not answered.
bool IsUnansweredAggregate(std::string_view word);
bool IsKeyword(std::string_view word, std::string_view keyword);

// Functions and aggregations.
std::vector<std::string> CallableWords();

std::optional<BinaryOp> FindBinary(std::string_view text);
// Higher ones bind tighter. A sign binds like kSignPrecedence.
int PrecedenceOf(BinaryOp op);
inline constexpr int kSignPrecedence = 6;

std::string_view NameOf(ValueType type);

}  // namespace spandrel::promql
