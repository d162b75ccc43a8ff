// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

// A query in PromQL, Prometheus's language, as far as it is answered here. Durations are
// nanoseconds.
namespace spandrel::promql {

inline constexpr size_t kMaxQueryBytes = 128 << 10;
inline constexpr size_t kMaxNodes = 1'000;
inline constexpr size_t kMaxSelectors = 32;    // each asks the store
inline constexpr size_t kMaxMatchers = 1'000;  // of all selectors, with the labels of by() and on()

struct Place {
  size_t line = 1;
  size_t column = 1;
};

inline constexpr const char* kNameLabel = "__name__";
inline constexpr const char* kBoundLabel = "le";

enum class ValueType : uint8_t {
  kScalar,
  kVector,
  kMatrix,  // a selector with a range
  kText,
};

enum class MatchOp : uint8_t { kEqual, kNotEqual, kMatches, kDoesNotMatch };

struct Matcher {
  std::string label;
  MatchOp op = MatchOp::kEqual;
  std::string value;
  Place place;
};

struct Selector {
  std::vector<Matcher> matchers;  // that of the metric's name among them, of __name__
  uint64_t range_nano = 0;        // 0: none
  int64_t offset_nano = 0;
};

enum class Function : uint8_t {
  kRate,
  kIncrease,
  kHistogramQuantile,
  kHistogramCount,
  kHistogramSum,
  kHistogramAvg,
  kVector,
  kScalar,
  kTime,
  kSort,
  kSortDesc,
};

enum class AggregateOp : uint8_t { kSum, kAvg, kMin, kMax, kCount, kGroup, kTopk, kBottomk };

enum class BinaryOp : uint8_t {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kPower,
  kEqual,
  kNotEqual,
  kGreater,
  kLess,
  kGreaterOrEqual,
  kLessOrEqual,
  kAnd,
  kUnless,
  kOr,
};
inline bool IsComparison(BinaryOp op) {
  return op >= BinaryOp::kEqual && op <= BinaryOp::kLessOrEqual;
}
inline bool IsSetOperator(BinaryOp op) {
  return op >= BinaryOp::kAnd;
}

struct Number {
  double value = 0;
};
struct Text {
  std::string value;
};
struct Call {
  Function function = Function::kRate;
};
// Which labels of a series count: those that are listed, or all others.
struct LabelChoice {
  bool listed = true;  // by, on; false: without, ignoring
  std::vector<std::string> labels;
};
struct Aggregate {
  AggregateOp op = AggregateOp::kSum;
  LabelChoice kept;
};
struct Binary {
  BinaryOp op = BinaryOp::kAdd;
  bool returns_bool = false;
  bool chooses = false;               // has on() or ignoring()
  LabelChoice matched = {false, {}};  // of two vectors
};
struct Negate {};

struct Node {
  std::variant<Number, Text, Selector, Call, Aggregate, Binary, Negate> what;
  ValueType type = ValueType::kScalar;
  uint32_t child_count = 0;
  uint32_t size = 1;  // nodes of the whole branch, itself included
  Place place;
};

// The nodes are in the order in which they are computed: children before their parent, the first
// one first, so that nothing recurses. The root is last; it has no matrix.
struct Query {
  std::vector<Node> nodes;
  const Node& root() const { return nodes.back(); }
};

}  // namespace spandrel::promql
