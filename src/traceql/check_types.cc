// SPDX-License-Identifier: Apache-2.0
#include "traceql/check_types.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "traceql/lexer.h"
#include "traceql/print.h"
#include "traceql/words.h"

namespace spandrel::traceql {
namespace {

using base::Status;
using Kind = FieldExpr::Kind;

bool IsNumeric(Type type) {
  return type == Type::kInt || type == Type::kFloat || type == Type::kDuration;
}

std::string_view TypeName(Type type) {
  constexpr std::array<std::string_view, 9> kNames = {
      "nil", "attribute", "int", "float", "text", "condition", "duration", "status", "kind"};
  return kNames[static_cast<size_t>(type)];
}

bool GoTogether(Type left, Type right) {
  return left == right || left == Type::kAny || right == Type::kAny ||
         (IsNumeric(left) && IsNumeric(right));
}

bool Takes(BinaryOp op, Type type) {
  const bool is_equality = op == BinaryOp::kEqual || op == BinaryOp::kNotEqual;
  switch (type) {
    case Type::kAny:
      return true;
    case Type::kInt:
    case Type::kFloat:
    case Type::kDuration:
      return op < BinaryOp::kMatches;
    case Type::kString:
      return !IsArithmetic(op);
    case Type::kBool:
    case Type::kStatus:
    case Type::kKind:
      return is_equality;
    case Type::kNil:
      break;
  }
  return false;
}

bool LooksAtSpan(const FieldExpr& expr) {
  return expr.kind == Kind::kField ||
         std::any_of(expr.children.begin(), expr.children.end(), LooksAtSpan);
}

Status Mismatch(const FieldExpr& expr, Type left, Type right) {
  return ErrorAt(expr.place, "'" + std::string(OperatorText(expr.op)) + "' does not go with " +
                                 std::string(TypeName(left)) + " and " +
                                 std::string(TypeName(right)));
}

Status CheckBinary(const FieldExpr& expr) {
  const Type left = TypeOf(expr.children[0]);
  const Type right = TypeOf(expr.children[1]);
  const bool is_pattern = expr.op == BinaryOp::kMatches || expr.op == BinaryOp::kDoesNotMatch;
  if (!GoTogether(left, right) || !Takes(expr.op, left) || !Takes(expr.op, right)) {
    return Mismatch(expr, left, right);
  }
  if (is_pattern && (expr.children[1].kind != Kind::kStatic || right != Type::kString)) {
    return ErrorAt(expr.children[1].place, "a regular expression must be a text");
  }
  return {};
}

Status CheckLogic(const FieldExpr& expr) {
  for (const FieldExpr& child : expr.children) {
    const Type type = TypeOf(child);
    if (type == Type::kBool || type == Type::kAny) continue;
    return ErrorAt(child.place, "expected a condition, not " + std::string(TypeName(type)));
  }
  return {};
}

// An intrinsic is always there, and so is a service's name; but a span may have no parent.
Status CheckAbsence(const FieldExpr& expr) {
  const FieldExpr& child = expr.children[0];
  if (child.kind != Kind::kField) return {};
  const auto* intrinsic = std::get_if<Intrinsic>(&child.field);
  const Attribute service{Scope::kResource, false, "service.name"};
  if (intrinsic != nullptr ? *intrinsic == Intrinsic::kParent : child.field != Field(service)) {
    return {};
  }
  return ErrorAt(child.place, ToText(child.field) + " is never nil");
}

// The children are right already.
Status CheckNode(const FieldExpr& expr) {
  switch (expr.kind) {
    case Kind::kStatic:
    case Kind::kField:
    case Kind::kExists:
      return {};
    case Kind::kNotExists:
      return CheckAbsence(expr);
    case Kind::kNegate:
    case Kind::kNot: {
      const Type type = TypeOf(expr.children[0]);
      const bool is_sign = expr.kind == Kind::kNegate;
      const bool fits = is_sign ? IsNumeric(type) : type == Type::kBool;
      if (fits || type == Type::kAny) return {};
      return ErrorAt(expr.place, std::string(is_sign ? "'-'" : "'!'") + " does not go with " +
                                     std::string(TypeName(type)));
    }
    case Kind::kBinary:
      return CheckBinary(expr);
    case Kind::kAnd:
    case Kind::kOr:
      break;
  }
  return CheckLogic(expr);
}

Status CheckExpr(const FieldExpr& expr) {
  for (const FieldExpr& child : expr.children) SPANDREL_RETURN_IF_ERROR(CheckExpr(child));
  return CheckNode(expr);
}

Status CheckFilter(const FieldExpr& filter) {
  SPANDREL_RETURN_IF_ERROR(CheckExpr(filter));
  const Type type = TypeOf(filter);
  if (type == Type::kBool || type == Type::kAny) return {};
  return ErrorAt(filter.place, "a filter must be a condition, not " + std::string(TypeName(type)));
}

Status CheckScalar(const ScalarExpr& scalar) {
  for (const ScalarExpr& operand : scalar.operands) SPANDREL_RETURN_IF_ERROR(CheckScalar(operand));
  if (scalar.kind != ScalarExpr::Kind::kAggregate || scalar.aggregate == AggregateOp::kCount) {
    return {};
  }
  SPANDREL_RETURN_IF_ERROR(CheckExpr(scalar.argument));
  const Type type = TypeOf(scalar.argument);
  if (!IsNumeric(type) && type != Type::kAny) {
    return ErrorAt(scalar.argument.place,
                   "an aggregate is of numbers, not of " + std::string(TypeName(type)));
  }
  if (LooksAtSpan(scalar.argument)) return {};
  return ErrorAt(scalar.place, "an aggregate must look at the span");
}

Status CheckPipeline(const Pipeline& pipeline);

Status CheckSpansets(const SpansetExpr& expr) {
  if (expr.kind == SpansetExpr::Kind::kFilter) return CheckFilter(expr.filter);
  if (expr.kind == SpansetExpr::Kind::kPipeline) return CheckPipeline(expr.pipeline);
  for (const SpansetExpr& operand : expr.operands) {
    SPANDREL_RETURN_IF_ERROR(CheckSpansets(operand));
  }
  return {};
}

Status CheckStage(const Stage& stage) {
  if (const auto* spansets = std::get_if<SpansetExpr>(&stage.what)) return CheckSpansets(*spansets);
  if (const auto* filter = std::get_if<ScalarFilter>(&stage.what)) {
    SPANDREL_RETURN_IF_ERROR(CheckScalar(filter->left));
    return CheckScalar(filter->right);
  }
  const auto* group = std::get_if<GroupBy>(&stage.what);
  if (group == nullptr) return {};
  SPANDREL_RETURN_IF_ERROR(CheckExpr(group->by));
  if (LooksAtSpan(group->by)) return {};
  return ErrorAt(group->by.place, "by() must look at the span");
}

Status CheckPipeline(const Pipeline& pipeline) {
  for (const Stage& stage : pipeline.stages) SPANDREL_RETURN_IF_ERROR(CheckStage(stage));
  return {};
}

bool HasCompare(const MetricsExpr& expr) {
  if (expr.kind == MetricsExpr::Kind::kQuery) {
    return expr.metrics.function == MetricsFunction::kCompare;
  }
  return std::any_of(expr.operands.begin(), expr.operands.end(), HasCompare);
}

Status CheckMetrics(const MetricsExpr& expr) {
  for (const MetricsExpr& operand : expr.operands) {
    SPANDREL_RETURN_IF_ERROR(CheckMetrics(operand));
  }
  const bool stands_alone = expr.kind == MetricsExpr::Kind::kQuery && expr.then.empty();
  if (!stands_alone && HasCompare(expr)) {
    return ErrorAt(expr.place, "nothing can be done with what compare() gives");
  }
  if (expr.kind != MetricsExpr::Kind::kQuery) return {};
  SPANDREL_RETURN_IF_ERROR(CheckPipeline(expr.pipeline));
  if (expr.metrics.function == MetricsFunction::kCompare) {
    return CheckFilter(expr.metrics.selection);
  }
  return {};
}

}  // namespace

Type TypeOf(const FieldExpr& expr) {
  switch (expr.kind) {
    case Kind::kStatic:
      return expr.constant.type;
    case Kind::kField: {
      const auto* intrinsic = std::get_if<Intrinsic>(&expr.field);
      return intrinsic != nullptr ? TypeOf(*intrinsic) : Type::kAny;
    }
    case Kind::kNegate:
      return TypeOf(expr.children[0]);
    case Kind::kBinary: {
      if (!IsArithmetic(expr.op)) return Type::kBool;
      const Type left = TypeOf(expr.children[0]);
      return left != Type::kAny ? left : TypeOf(expr.children[1]);
    }
    default:
      break;
  }
  return Type::kBool;
}

Status CheckTypes(const Query& query) {
  const auto* pipeline = std::get_if<Pipeline>(&query.what);
  return pipeline != nullptr ? CheckPipeline(*pipeline)
                             : CheckMetrics(std::get<MetricsExpr>(query.what));
}

}  // namespace spandrel::traceql
