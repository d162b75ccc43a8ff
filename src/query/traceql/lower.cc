// SPDX-License-Identifier: Apache-2.0
#include "query/traceql/lower.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "query/traceql/operators.h"
#include "traceql/check_types.h"

namespace spandrel::query {
namespace {

using storage::CompareOp;
using storage::Expression;
using storage::FieldRef;
using traceql::BinaryOp;
using traceql::FieldExpr;
using traceql::Type;
using Kind = traceql::FieldExpr::Kind;

// Whose fields something is asked of.
enum class Place : uint8_t { kNone, kEvent, kLink, kOther };

storage::Intrinsic IntrinsicOf(traceql::Intrinsic intrinsic) {
  switch (intrinsic) {
    case traceql::Intrinsic::kDuration:
      return storage::Intrinsic::kDuration;
    case traceql::Intrinsic::kName:
      return storage::Intrinsic::kName;
    case traceql::Intrinsic::kStatus:
      return storage::Intrinsic::kStatus;
    case traceql::Intrinsic::kStatusMessage:
      return storage::Intrinsic::kStatusMessage;
    case traceql::Intrinsic::kKind:
      return storage::Intrinsic::kKind;
    case traceql::Intrinsic::kRootName:
      return storage::Intrinsic::kRootName;
    case traceql::Intrinsic::kRootServiceName:
      return storage::Intrinsic::kRootServiceName;
    case traceql::Intrinsic::kTraceDuration:
      return storage::Intrinsic::kTraceDuration;
    case traceql::Intrinsic::kNestedSetLeft:
      return storage::Intrinsic::kNestedSetLeft;
    case traceql::Intrinsic::kNestedSetRight:
      return storage::Intrinsic::kNestedSetRight;
    case traceql::Intrinsic::kNestedSetParent:
      return storage::Intrinsic::kNestedSetParent;
    case traceql::Intrinsic::kTraceId:
      return storage::Intrinsic::kTraceId;
    case traceql::Intrinsic::kSpanId:
      return storage::Intrinsic::kSpanId;
    case traceql::Intrinsic::kParent:
    case traceql::Intrinsic::kParentId:
      return storage::Intrinsic::kParentSpanId;
    case traceql::Intrinsic::kChildCount:
      return storage::Intrinsic::kChildCount;
    case traceql::Intrinsic::kEventName:
      return storage::Intrinsic::kEventName;
    case traceql::Intrinsic::kEventTimeSinceStart:
      return storage::Intrinsic::kEventTimeSinceStart;
    case traceql::Intrinsic::kLinkTraceId:
      return storage::Intrinsic::kLinkTraceId;
    case traceql::Intrinsic::kLinkSpanId:
      return storage::Intrinsic::kLinkSpanId;
    case traceql::Intrinsic::kInstrumentationName:
      return storage::Intrinsic::kScopeName;
    case traceql::Intrinsic::kInstrumentationVersion:
      break;
  }
  return storage::Intrinsic::kScopeVersion;
}

storage::AttributeScope ScopeOf(traceql::Scope scope) {
  switch (scope) {
    case traceql::Scope::kSpan:
      return storage::AttributeScope::kSpan;
    case traceql::Scope::kResource:
      return storage::AttributeScope::kResource;
    case traceql::Scope::kEvent:
      return storage::AttributeScope::kEvent;
    case traceql::Scope::kLink:
      return storage::AttributeScope::kLink;
    case traceql::Scope::kInstrumentation:
      return storage::AttributeScope::kInstrumentation;
    case traceql::Scope::kUnscoped:
      break;
  }
  return storage::AttributeScope::kUnscoped;
}

bool IsIntrinsic(const FieldExpr& expr, traceql::Intrinsic intrinsic) {
  return expr.kind == Kind::kField && expr.field == traceql::Field(intrinsic);
}

Place PlaceOfField(const traceql::Field& field) {
  if (const auto* attribute = std::get_if<traceql::Attribute>(&field)) {
    return attribute->scope == traceql::Scope::kEvent  ? Place::kEvent
           : attribute->scope == traceql::Scope::kLink ? Place::kLink
                                                       : Place::kOther;
  }
  switch (std::get<traceql::Intrinsic>(field)) {
    case traceql::Intrinsic::kEventName:
    case traceql::Intrinsic::kEventTimeSinceStart:
      return Place::kEvent;
    case traceql::Intrinsic::kLinkTraceId:
    case traceql::Intrinsic::kLinkSpanId:
      return Place::kLink;
    default:
      return Place::kOther;
  }
}

// The one place that all fields of an expression are of; kNone when it has none.
Place PlaceOf(const FieldExpr& expr) {
  if (expr.kind == Kind::kField) return PlaceOfField(expr.field);
  Place place = Place::kNone;
  for (const FieldExpr& child : expr.children) {
    const Place other = PlaceOf(child);
    if (other == Place::kNone || other == place) continue;
    if (place != Place::kNone) return Place::kOther;
    place = other;
  }
  return place;
}

// What is true because something is not there is not said of one event.
bool HasNegation(const FieldExpr& expr) {
  return expr.kind == Kind::kNot || expr.kind == Kind::kNotExists ||
         std::any_of(expr.children.begin(), expr.children.end(), HasNegation);
}

Expression OfOnePlace(Place place, Expression condition) {
  return place == Place::kEvent ? Expression::SomeEvent(std::move(condition))
                                : Expression::SomeLink(std::move(condition));
}

Expression Never() {
  return Expression::Constant(false);
}

Expression HasNoParent() {
  return Expression::Compare(CompareOp::kEqual,
                             Expression::Of(FieldRef(storage::Intrinsic::kParentSpanId)),
                             Expression::Constant(std::string()));
}

storage::Value ValueOf(const traceql::Static& constant) {
  return std::visit([](const auto& value) { return storage::Value(value); }, constant.value);
}

// How many digits an id has that a field holds; 0 for other fields.
size_t IdDigits(const FieldExpr& expr) {
  if (expr.kind != Kind::kField) return 0;
  const auto* intrinsic = std::get_if<traceql::Intrinsic>(&expr.field);
  if (intrinsic == nullptr) return 0;
  switch (*intrinsic) {
    case traceql::Intrinsic::kTraceId:
    case traceql::Intrinsic::kLinkTraceId:
      return 32;
    case traceql::Intrinsic::kSpanId:
    case traceql::Intrinsic::kParentId:
    case traceql::Intrinsic::kLinkSpanId:
      return 16;
    default:
      return 0;
  }
}

// An id as the store writes it; what is no id as it is.
std::string WholeId(std::string id, size_t digits) {
  constexpr std::string_view kDigits = "0123456789abcdefABCDEF";
  if (id.empty() || id.size() > digits || id.find_first_not_of(kDigits) != std::string::npos) {
    return id;
  }
  for (char& c : id) {
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  }
  return std::string(digits - id.size(), '0') + id;
}

class Lowering {
 public:
  Expression Of(const FieldExpr& expr) {
    switch (expr.kind) {
      case Kind::kStatic:
        return Expression::Constant(ValueOf(expr.constant));
      case Kind::kField:
        return Expression::Of(FieldOf(expr.field));
      case Kind::kNegate:
        return Expression::Negate(Of(expr.children[0]));
      case Kind::kNot:
        return OfNot(expr.children[0]);
      case Kind::kExists:
        return Existence(expr.children[0]);
      case Kind::kNotExists:
        return Expression::Not(Existence(expr.children[0]));
      case Kind::kBinary:
        return OfBinary(expr);
      case Kind::kAnd:
        return OfAnd(expr);
      case Kind::kOr:
        break;
    }
    std::vector<Expression> children;
    children.reserve(expr.children.size());
    for (const FieldExpr& child : expr.children) children.push_back(Of(child));
    return Expression::Or(std::move(children));
  }

 private:
  Expression OfNot(const FieldExpr& child) {
    if (child.kind == Kind::kField) {
      return Expression::Compare(CompareOp::kEqual, Of(child), Expression::Constant(false));
    }
    // A number is neither true nor false.
    if (TypeOf(child) != Type::kBool) return Never();
    return Expression::Not(Of(child));
  }

  Expression Existence(const FieldExpr& child) {
    if (IsIntrinsic(child, traceql::Intrinsic::kParent)) return Expression::Not(HasNoParent());
    if (child.kind == Kind::kField) return Expression::Exists(FieldOf(child.field));
    if (child.kind == Kind::kStatic || TypeOf(child) == Type::kBool) {
      return Expression::Constant(true);
    }
    return Expression::Compare(CompareOp::kEqual, Of(child), Of(child));
  }

  Expression OfBinary(const FieldExpr& expr) {
    const FieldExpr& left = expr.children[0];
    const FieldExpr& right = expr.children[1];
    if (traceql::IsArithmetic(expr.op)) {
      return Expression::Arithmetic(ArithmeticOpOf(expr.op), Of(left), Of(right));
    }
    if (NeverEqual(TypeOf(left), TypeOf(right)) || NeverEqual(TypeOf(right), TypeOf(left))) {
      return Never();
    }
    if (auto root = RootTest(expr)) return *std::move(root);
    const Place place = PlaceOf(left);
    const bool is_of_one =
        place != Place::kNone && place != Place::kOther && place == PlaceOf(right) && !is_in_place_;
    Expression compared = Compared(expr.op, left, right);
    return is_of_one ? OfOnePlace(place, std::move(compared)) : compared;
  }

  static bool NeverEqual(Type type, Type other) {
    return (type == Type::kStatus || type == Type::kKind) && other == Type::kAny;
  }

  // `nestedSetParent < 0`, which Grafana asks for roots by, without numbering the trace.
  static std::optional<Expression> RootTest(const FieldExpr& expr) {
    const FieldExpr& bound = expr.children[1];
    if (!IsIntrinsic(expr.children[0], traceql::Intrinsic::kNestedSetParent) ||
        bound.kind != Kind::kStatic || bound.constant.type != Type::kInt) {
      return std::nullopt;
    }
    const int64_t value = std::get<int64_t>(bound.constant.value);
    const bool asks = (expr.op == BinaryOp::kLess && value == 0) ||
                      (expr.op == BinaryOp::kLessOrEqual && value == -1) ||
                      (expr.op == BinaryOp::kEqual && value == -1);
    return asks ? std::optional(HasNoParent()) : std::nullopt;
  }

  Expression Compared(BinaryOp op, const FieldExpr& left, const FieldExpr& right) {
    if (op == BinaryOp::kMatches || op == BinaryOp::kDoesNotMatch) {
      const auto& pattern = std::get<std::string>(right.constant.value);
      return Expression::Compare(CompareOpOf(op), Of(left),
                                 Expression::Constant("^(?s:" + pattern + ")$"));
    }
    return Expression::Compare(CompareOpOf(op), Side(left, IdDigits(right)),
                               Side(right, IdDigits(left)));
  }

  Expression Side(const FieldExpr& side, size_t id_digits) {
    if (id_digits == 0 || side.kind != Kind::kStatic) return Of(side);
    return Expression::Constant(WholeId(std::get<std::string>(side.constant.value), id_digits));
  }

  Expression OfAnd(const FieldExpr& expr) {
    std::vector<Expression> all;
    for (const Place place : {Place::kEvent, Place::kLink}) {
      std::vector<const FieldExpr*> joined;
      for (const FieldExpr& child : expr.children) {
        if (IsOf(child, place)) joined.push_back(&child);
      }
      if (joined.size() > 1) all.push_back(Joined(place, joined));
      if (joined.size() == 1) all.push_back(Of(*joined[0]));
    }
    for (const FieldExpr& child : expr.children) {
      if (!IsOf(child, Place::kEvent) && !IsOf(child, Place::kLink)) all.push_back(Of(child));
    }
    return Expression::And(std::move(all));
  }

  bool IsOf(const FieldExpr& child, Place place) const {
    return !is_in_place_ && PlaceOf(child) == place && !HasNegation(child);
  }

  Expression Joined(Place place, const std::vector<const FieldExpr*>& conditions) {
    is_in_place_ = true;
    std::vector<Expression> parts;
    parts.reserve(conditions.size());
    for (const FieldExpr* condition : conditions) parts.push_back(Of(*condition));
    is_in_place_ = false;
    return OfOnePlace(place, Expression::And(std::move(parts)));
  }

  bool is_in_place_ = false;
};

}  // namespace

FieldRef FieldOf(const traceql::Field& field) {
  if (const auto* intrinsic = std::get_if<traceql::Intrinsic>(&field)) {
    return {IntrinsicOf(*intrinsic)};
  }
  const auto& attribute = std::get<traceql::Attribute>(field);
  storage::Field plain = storage::AttributeField{ScopeOf(attribute.scope), attribute.key};
  return attribute.of_parent ? FieldRef::OfParent(std::move(plain)) : FieldRef(std::move(plain));
}

Expression Lower(const FieldExpr& expr) {
  return Lowering().Of(expr);
}

}  // namespace spandrel::query
