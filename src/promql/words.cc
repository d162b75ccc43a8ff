// SPDX-License-Identifier: Apache-2.0
#include "promql/words.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/ascii.h"

namespace spandrel::promql {
namespace {

constexpr std::array<std::string_view, 8> kAggregates = {"sum",   "avg",   "min",  "max",
                                                         "count", "group", "topk", "bottomk"};
constexpr std::array<std::string_view, 6> kUnanswered = {"stddev",   "stdvar", "count_values",
                                                         "quantile", "limitk", "limit_ratio"};

struct OperatorRow {
  std::string_view text;
  int precedence;
};
// In the order of BinaryOp.
constexpr std::array<OperatorRow, 15> kOperators = {{{"+", 4},
                                                     {"-", 4},
                                                     {"*", 5},
                                                     {"/", 5},
                                                     {"%", 5},
                                                     {"^", 7},
                                                     {"==", 3},
                                                     {"!=", 3},
                                                     {">", 3},
                                                     {"<", 3},
                                                     {">=", 3},
                                                     {"<=", 3},
                                                     {"and", 2},
                                                     {"unless", 2},
                                                     {"or", 1}}};

// In the order of Function.
const std::vector<FunctionInfo>& Functions() {
  using Type = ValueType;
  static const std::vector<FunctionInfo> functions = {
      {"rate", {Type::kMatrix}, Type::kVector},
      {"increase", {Type::kMatrix}, Type::kVector},
      {"histogram_quantile", {Type::kScalar, Type::kVector}, Type::kVector},
      {"histogram_count", {Type::kVector}, Type::kVector},
      {"histogram_sum", {Type::kVector}, Type::kVector},
      {"histogram_avg", {Type::kVector}, Type::kVector},
      {"vector", {Type::kScalar}, Type::kVector},
      {"scalar", {Type::kVector}, Type::kScalar},
      {"time", {}, Type::kScalar},
      {"sort", {Type::kVector}, Type::kVector},
      {"sort_desc", {Type::kVector}, Type::kVector},
  };
  return functions;
}

}  // namespace

const FunctionInfo& InfoOf(Function function) {
  return Functions()[static_cast<size_t>(function)];
}

std::optional<Function> FindFunction(std::string_view word) {
  const auto& all = Functions();
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i].name == word) return static_cast<Function>(i);
  }
  return std::nullopt;
}

std::optional<AggregateOp> FindAggregate(std::string_view word) {
  const auto* const found =
      std::find(kAggregates.begin(), kAggregates.end(), base::LowerCase(word));
  if (found == kAggregates.end()) return std::nullopt;
  return static_cast<AggregateOp>(found - kAggregates.begin());
}

bool TakesNumber(AggregateOp op) {
  return op >= AggregateOp::kTopk;
}

bool IsUnansweredAggregate(std::string_view word) {
  return std::find(kUnanswered.begin(), kUnanswered.end(), base::LowerCase(word)) !=
         kUnanswered.end();
}

bool IsKeyword(std::string_view word, std::string_view keyword) {
  return base::LowerCase(word) == keyword;
}

std::vector<std::string> CallableWords() {
  std::vector<std::string> words(kAggregates.begin(), kAggregates.end());
  for (const FunctionInfo& function : Functions()) words.emplace_back(function.name);
  return words;
}

std::optional<BinaryOp> FindBinary(std::string_view text) {
  const std::string lower = base::LowerCase(text);
  for (size_t i = 0; i < kOperators.size(); ++i) {
    if (kOperators[i].text == lower) return static_cast<BinaryOp>(i);
  }
  return std::nullopt;
}

int PrecedenceOf(BinaryOp op) {
  return kOperators[static_cast<size_t>(op)].precedence;
}

std::string_view NameOf(ValueType type) {
  constexpr std::array<std::string_view, 4> kNames = {"a number", "instant series",
                                                      "series with a range", "a text"};
  return kNames[static_cast<size_t>(type)];
}

}  // namespace spandrel::promql
