// SPDX-License-Identifier: Apache-2.0
#include "traceql/words.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

namespace spandrel::traceql {
namespace {

struct IntrinsicRow {
  Intrinsic intrinsic;
  Type type;
  std::string_view name;
  std::string_view other_name = {};  // the same with a scope
};

constexpr std::array<IntrinsicRow, static_cast<size_t>(kLastIntrinsic) + 1> kIntrinsics = {{
    {Intrinsic::kDuration, Type::kDuration, "duration", "span:duration"},
    {Intrinsic::kName, Type::kString, "name", "span:name"},
    {Intrinsic::kStatus, Type::kStatus, "status", "span:status"},
    {Intrinsic::kStatusMessage, Type::kString, "statusMessage", "span:statusMessage"},
    {Intrinsic::kKind, Type::kKind, "kind", "span:kind"},
    {Intrinsic::kParent, Type::kNil, "parent"},
    {Intrinsic::kRootName, Type::kString, "rootName", "trace:rootName"},
    {Intrinsic::kRootServiceName, Type::kString, "rootServiceName", "trace:rootService"},
    {Intrinsic::kTraceDuration, Type::kDuration, "traceDuration", "trace:duration"},
    {Intrinsic::kNestedSetLeft, Type::kInt, "nestedSetLeft"},
    {Intrinsic::kNestedSetRight, Type::kInt, "nestedSetRight"},
    {Intrinsic::kNestedSetParent, Type::kInt, "nestedSetParent"},
    {Intrinsic::kTraceId, Type::kString, "trace:id"},
    {Intrinsic::kSpanId, Type::kString, "span:id"},
    {Intrinsic::kParentId, Type::kString, "span:parentID"},
    {Intrinsic::kChildCount, Type::kInt, "span:childCount"},
    {Intrinsic::kEventName, Type::kString, "event:name"},
    {Intrinsic::kEventTimeSinceStart, Type::kDuration, "event:timeSinceStart"},
    {Intrinsic::kLinkTraceId, Type::kString, "link:traceID"},
    {Intrinsic::kLinkSpanId, Type::kString, "link:spanID"},
    {Intrinsic::kInstrumentationName, Type::kString, "instrumentation:name"},
    {Intrinsic::kInstrumentationVersion, Type::kString, "instrumentation:version"},
}};

constexpr std::array<std::string_view, 6> kScopes = {".",      "span.", "resource.",
                                                     "event.", "link.", "instrumentation."};
constexpr std::array<std::string_view, 5> kAggregates = {"count", "min", "max", "avg", "sum"};
constexpr std::array<std::string_view, 9> kFunctions = {
    "rate",          "count_over_time",    "min_over_time",       "max_over_time", "avg_over_time",
    "sum_over_time", "quantile_over_time", "histogram_over_time", "compare"};
constexpr std::array<std::string_view, 14> kOperators = {"+",  "-", "*",  "/", "%",  "^",  "=",
                                                         "!=", "<", "<=", ">", ">=", "=~", "!~"};
constexpr std::array<std::string_view, 5> kRelations = {">", "<", ">>", "<<", "~"};
constexpr std::array<std::string_view, 3> kStatuses = {"error", "ok", "unset"};
constexpr std::array<std::string_view, 6> kKinds = {"unspecified", "internal", "server",
                                                    "client",      "producer", "consumer"};

template <typename Enum, size_t kCount>
std::optional<Enum> Find(const std::array<std::string_view, kCount>& names, std::string_view word) {
  const auto found = std::find(names.begin(), names.end(), word);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

template <size_t kCount>
bool Has(const std::array<std::string_view, kCount>& names, std::string_view word) {
  return std::find(names.begin(), names.end(), word) != names.end();
}

}  // namespace

std::string_view IntrinsicName(Intrinsic intrinsic) {
  return kIntrinsics[static_cast<size_t>(intrinsic)].name;
}

std::optional<Intrinsic> FindIntrinsic(std::string_view word) {
  for (const IntrinsicRow& row : kIntrinsics) {
    if (word == row.name || (!row.other_name.empty() && word == row.other_name)) {
      return row.intrinsic;
    }
  }
  return std::nullopt;
}

std::vector<std::string> IntrinsicWords() {
  std::vector<std::string> words;
  for (const IntrinsicRow& row : kIntrinsics) {
    words.emplace_back(row.name);
    if (!row.other_name.empty()) words.emplace_back(row.other_name);
  }
  return words;
}

std::string_view ScopePrefix(Scope scope) {
  return kScopes[static_cast<size_t>(scope)];
}

std::optional<Static> FindConstant(std::string_view word) {
  if (word == "true" || word == "false") return Static::OfBool(word == "true");
  if (word == "minInt") return Static::OfInt(std::numeric_limits<int64_t>::min());
  if (word == "maxInt") return Static::OfInt(std::numeric_limits<int64_t>::max());
  if (Has(kStatuses, word)) return Static::OfText(Type::kStatus, std::string(word));
  if (Has(kKinds, word)) return Static::OfText(Type::kKind, std::string(word));
  return std::nullopt;
}

std::optional<AggregateOp> FindAggregate(std::string_view word) {
  return Find<AggregateOp>(kAggregates, word);
}

std::string_view AggregateName(AggregateOp aggregate) {
  return kAggregates[static_cast<size_t>(aggregate)];
}

std::optional<MetricsFunction> FindMetricsFunction(std::string_view word) {
  return Find<MetricsFunction>(kFunctions, word);
}

std::string_view MetricsFunctionName(MetricsFunction function) {
  return kFunctions[static_cast<size_t>(function)];
}

std::string_view OperatorText(BinaryOp op) {
  return kOperators[static_cast<size_t>(op)];
}

std::string OperatorText(Relation relation, Join join) {
  const std::string_view prefix = join == Join::kNot ? "!" : join == Join::kUnion ? "&" : "";
  return std::string(prefix).append(kRelations[static_cast<size_t>(relation)]);
}

Type TypeOf(Intrinsic intrinsic) {
  return kIntrinsics[static_cast<size_t>(intrinsic)].type;
}

bool IsNameByte(char c) {
  return static_cast<unsigned char>(c) > ' ' && c != 0x7F &&
         std::string_view("{}()=~!<>&|^,\"").find(c) == std::string_view::npos;
}

}  // namespace spandrel::traceql
