// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

// A TraceQL query as a tree of values. Parse makes it, within kMaxDepth; all that walks it may
// recurse.
namespace spandrel::traceql {

inline constexpr int kMaxDepth = 48;

// Where in the text, from 1 on; columns count bytes.
struct Place {
  uint32_t line = 1;
  uint32_t column = 1;
};

enum class Scope : uint8_t { kUnscoped, kSpan, kResource, kEvent, kLink, kInstrumentation };

enum class Intrinsic : uint8_t {
  kDuration,
  kName,
  kStatus,
  kStatusMessage,
  kKind,
  kParent,
  kRootName,
  kRootServiceName,
  kTraceDuration,
  kNestedSetLeft,
  kNestedSetRight,
  kNestedSetParent,
  kTraceId,
  kSpanId,
  kParentId,
  kChildCount,
  kEventName,
  kEventTimeSinceStart,
  kLinkTraceId,
  kLinkSpanId,
  kInstrumentationName,
  kInstrumentationVersion,
};
inline constexpr auto kLastIntrinsic = Intrinsic::kInstrumentationVersion;

struct Attribute {
  Scope scope = Scope::kUnscoped;
  bool of_parent = false;  // with kUnscoped, kSpan and kResource only
  std::string key;
  friend bool operator==(const Attribute&, const Attribute&) = default;
};

using Field = std::variant<Intrinsic, Attribute>;

enum class Type : uint8_t {
  kNil,
  kAny,  // of an attribute: known when it is read
  kInt,
  kFloat,
  kString,
  kBool,
  kDuration,
  kStatus,
  kKind,
};

// A constant. Ints and durations (nanoseconds) are int64_t; texts, statuses and kinds std::string.
struct Static {
  Type type = Type::kBool;
  std::variant<bool, int64_t, double, std::string> value = false;

  static Static OfBool(bool value) { return {Type::kBool, value}; }
  static Static OfInt(int64_t value) { return {Type::kInt, value}; }
  static Static OfFloat(double value) { return {Type::kFloat, value}; }
  static Static OfDuration(int64_t nanoseconds) { return {Type::kDuration, nanoseconds}; }
  static Static OfText(Type type, std::string text) { return {type, std::move(text)}; }

  bool is_number() const {
    return type == Type::kInt || type == Type::kFloat || type == Type::kDuration;
  }
  // Of a number.
  double AsDouble() const {
    const auto* whole = std::get_if<int64_t>(&value);
    return whole != nullptr ? static_cast<double>(*whole) : std::get<double>(value);
  }
  friend bool operator==(const Static&, const Static&) = default;
};

enum class BinaryOp : uint8_t {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kPower,
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kMatches,
  kDoesNotMatch,
};
inline bool IsArithmetic(BinaryOp op) {
  return op <= BinaryOp::kPower;
}

// What is asked of one span.
struct FieldExpr {
  enum class Kind : uint8_t {
    kStatic,
    kField,
    kNegate,  // one child, as the next three
    kNot,
    kExists,     // child != nil
    kNotExists,  // child = nil
    kBinary,     // two children
    kAnd,        // two or more children, as kOr
    kOr,
  };

  Kind kind = Kind::kStatic;
  Static constant;
  Field field;
  BinaryOp op = BinaryOp::kEqual;
  std::vector<FieldExpr> children;
  Place place;     // of a constant or field; of the operator of all others
  int height = 1;  // levels of the tree

  static FieldExpr True() {
    FieldExpr always;
    always.constant = Static::OfBool(true);
    return always;
  }
};

// Between the spans of its two sides: what one side's spans must be to one of the other's.
enum class Relation : uint8_t { kChild, kParent, kDescendant, kAncestor, kSibling };
// Which spans it gives: right ones that are so, right ones that are not, or those of both sides
// that are.
enum class Join : uint8_t { kRight, kNot, kUnion };

struct Stage;

struct Pipeline {
  std::vector<Stage> stages;  // at least one
};

struct SpansetExpr {
  enum class Kind : uint8_t {
    kFilter,
    kPipeline,  // in parentheses, of more than a spanset expression
    kAnd,       // two or more operands, as kOr
    kOr,
    kStructural,  // two operands
  };

  Kind kind = Kind::kFilter;
  FieldExpr filter;
  Pipeline pipeline;
  Relation relation = Relation::kChild;
  Join join = Join::kRight;
  std::vector<SpansetExpr> operands;
  int height = 1;
};

enum class AggregateOp : uint8_t { kCount, kMin, kMax, kAvg, kSum };

// A number of a spanset.
struct ScalarExpr {
  enum class Kind : uint8_t { kConstant, kAggregate, kBinary };

  Kind kind = Kind::kConstant;
  Static constant;
  AggregateOp aggregate = AggregateOp::kCount;
  FieldExpr argument;  // of all aggregates but kCount
  BinaryOp op = BinaryOp::kAdd;
  std::vector<ScalarExpr> operands;  // two, of kBinary
  Place place;
  int height = 1;
};

struct ScalarFilter {
  BinaryOp op = BinaryOp::kEqual;
  ScalarExpr left;
  ScalarExpr right;
};
struct GroupBy {
  FieldExpr by;
};
struct Coalesce {};
struct Select {
  std::vector<Field> fields;
};

struct Stage {
  std::variant<SpansetExpr, ScalarFilter, GroupBy, Coalesce, Select> what;
};

enum class MetricsFunction : uint8_t {
  kRate,
  kCountOverTime,
  kMinOverTime,
  kMaxOverTime,
  kAvgOverTime,
  kSumOverTime,
  kQuantileOverTime,
  kHistogramOverTime,
  kCompare,
};

struct Metrics {
  MetricsFunction function = MetricsFunction::kRate;
  std::optional<Field> of;
  std::vector<double> quantiles;
  std::vector<Field> by;
  FieldExpr selection;  // kCompare, with what follows
  int64_t top = 10;
  int64_t start_unix_nano = 0;
  int64_t end_unix_nano = 0;
  Place place;
};

struct SecondStage {
  enum class Kind : uint8_t { kTopK, kBottomK, kFilter };
  Kind kind = Kind::kTopK;
  int64_t count = 0;
  BinaryOp op = BinaryOp::kGreater;
  Static threshold;
};

// Series: of one pipeline, or arithmetic between series and numbers.
struct MetricsExpr {
  enum class Kind : uint8_t { kQuery, kConstant, kBinary };

  Kind kind = Kind::kQuery;
  Pipeline pipeline;
  Metrics metrics;
  double constant = 0;
  BinaryOp op = BinaryOp::kAdd;
  std::vector<MetricsExpr> operands;  // two
  std::vector<SecondStage> then;
  Place place;
  int height = 1;
};

struct Hint {
  std::string name;
  Static value;
};

struct Query {
  std::variant<Pipeline, MetricsExpr> what;
  std::vector<Hint> hints;
};

}  // namespace spandrel::traceql
