// SPDX-License-Identifier: Apache-2.0
#include "traceql/field_parser.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "traceql/words.h"

namespace spandrel::traceql {
namespace {

using base::Result;
using Kind = FieldExpr::Kind;

// From loosest to tightest. A sign takes what binds tighter than + and -, `!` what binds tighter
// than itself.
enum Precedence : int {
  kNoOperator = 0,
  kLogic,
  kComparison,
  kSum,
  kInversion,
  kProduct,
  kPowers,
};

struct Operator {
  int precedence = kNoOperator;
  Kind kind = Kind::kBinary;
  BinaryOp op = BinaryOp::kEqual;
};

Operator OperatorOf(const Token& token) {
  if (token.kind != TokenKind::kMark) return {};
  if (token.text == "&&") return {kLogic, Kind::kAnd};
  if (token.text == "||") return {kLogic, Kind::kOr};
  for (int i = 0; i <= static_cast<int>(BinaryOp::kDoesNotMatch); ++i) {
    const auto op = static_cast<BinaryOp>(i);
    if (token.text != OperatorText(op)) continue;
    if (!IsArithmetic(op)) return {kComparison, Kind::kBinary, op};
    if (op <= BinaryOp::kSubtract) return {kSum, Kind::kBinary, op};
    return {op == BinaryOp::kPower ? kPowers : kProduct, Kind::kBinary, op};
  }
  return {};
}

Result<FieldExpr> WithChildren(FieldExpr parent, std::vector<FieldExpr> children) {
  for (const FieldExpr& child : children) parent.height = std::max(parent.height, child.height + 1);
  if (parent.height > kMaxDepth) return TooDeep(parent.place);
  parent.children = std::move(children);
  return parent;
}

FieldExpr Make(Kind kind, Place place) {
  FieldExpr expr;
  expr.kind = kind;
  expr.place = place;
  return expr;
}

// A number with its sign changed; nothing for what has none, and for the least int.
std::optional<Static> Negated(const Static& constant) {
  if (!constant.is_number()) return std::nullopt;
  if (const auto* number = std::get_if<double>(&constant.value)) return Static::OfFloat(-*number);
  const int64_t whole = std::get<int64_t>(constant.value);
  if (whole == INT64_MIN) return std::nullopt;
  return Static{constant.type, -whole};
}

Result<FieldExpr> Unary(Kind kind, Place place, FieldExpr operand) {
  if (kind == Kind::kNegate && operand.kind == Kind::kStatic) {
    if (auto negated = Negated(operand.constant)) {
      operand.constant = *std::move(negated);
      operand.place = place;
      return operand;
    }
  }
  std::vector<FieldExpr> children;
  children.push_back(std::move(operand));
  return WithChildren(Make(kind, place), std::move(children));
}

std::vector<std::string> WordsOfFields() {
  std::vector<std::string> words = IntrinsicWords();
  for (const char* word : {"true", "false", "nil", "ok", "error", "unset", "unspecified",
                           "internal", "server", "client", "producer", "consumer"}) {
    words.emplace_back(word);
  }
  return words;
}

class FieldParser {
 public:
  explicit FieldParser(TokenStream& tokens) : tokens_(tokens) {}

  Result<FieldExpr> Parse(int least) {
    SPANDREL_RETURN_IF_ERROR(tokens_.Enter());
    auto left = IsNil() ? ParseNilFirst() : ParsePrimary();
    while (left.ok()) {
      const Operator op = OperatorOf(tokens_.now());
      if (op.precedence == kNoOperator || op.precedence < least) break;
      left = ParseRest(op, *std::move(left));
    }
    tokens_.Leave();
    return left;
  }

 private:
  bool IsNil() const { return tokens_.IsWord("nil"); }

  // The operator is in view.
  Result<FieldExpr> ParseRest(const Operator& op, FieldExpr left) {
    const Place place = tokens_.now().place;
    SPANDREL_RETURN_IF_ERROR(tokens_.Take());
    if (IsNil() && op.precedence >= kComparison) {
      const auto kind = ExistenceOf(op.op, op.precedence);
      if (!kind) return tokens_.Error("nil stands beside = and != only");
      SPANDREL_RETURN_IF_ERROR(tokens_.Take());
      return Unary(*kind, place, std::move(left));
    }
    auto right = Parse(op.precedence == kPowers ? kPowers : op.precedence + 1);
    if (!right.ok()) return right;
    if (op.kind != Kind::kBinary && left.kind == op.kind) {
      left.height = std::max(left.height, right->height + 1);
      if (left.height > kMaxDepth) return TooDeep(place);
      left.children.push_back(*std::move(right));
      return left;
    }
    FieldExpr parent = Make(op.kind, place);
    parent.op = op.op;
    std::vector<FieldExpr> children;
    children.push_back(std::move(left));
    children.push_back(*std::move(right));
    return WithChildren(std::move(parent), std::move(children));
  }

  static std::optional<Kind> ExistenceOf(BinaryOp op, int precedence) {
    if (precedence != kComparison) return std::nullopt;
    if (op == BinaryOp::kEqual) return Kind::kNotExists;
    if (op == BinaryOp::kNotEqual) return Kind::kExists;
    return std::nullopt;
  }

  // `nil = x`; of two nils neither holds.
  Result<FieldExpr> ParseNilFirst() {
    SPANDREL_RETURN_IF_ERROR(tokens_.Take());
    const Operator op = OperatorOf(tokens_.now());
    const auto kind = ExistenceOf(op.op, op.precedence);
    if (!kind) return tokens_.Unexpected("= or != after nil");
    const Place place = tokens_.now().place;
    SPANDREL_RETURN_IF_ERROR(tokens_.Take());
    if (IsNil()) {
      SPANDREL_RETURN_IF_ERROR(tokens_.Take());
      FieldExpr never = Make(Kind::kStatic, place);
      never.constant = Static::OfBool(false);
      return never;
    }
    auto right = Parse(kSum);
    if (!right.ok()) return right;
    return Unary(*kind, place, *std::move(right));
  }

  Result<FieldExpr> ParsePrimary() {
    const Token token = tokens_.now();
    if (tokens_.IsMark("(")) return ParseParenthesis();
    if (tokens_.IsMark("-")) return ParseUnary(Kind::kNegate, kInversion);
    if (tokens_.IsMark("!")) return ParseUnary(Kind::kNot, kProduct);
    if (token.kind == TokenKind::kField ||
        (token.kind == TokenKind::kWord && FindIntrinsic(token.text))) {
      auto field = ParseField(tokens_);
      if (!field.ok()) return field.status();
      FieldExpr expr = Make(Kind::kField, token.place);
      expr.field = *std::move(field);
      return expr;
    }
    auto constant = ParseStatic(tokens_);
    if (!constant.ok()) return constant.status();
    FieldExpr expr = Make(Kind::kStatic, token.place);
    expr.constant = *std::move(constant);
    return expr;
  }

  Result<FieldExpr> ParseParenthesis() {
    SPANDREL_RETURN_IF_ERROR(tokens_.Take());
    auto inner = Parse(kLogic);
    if (!inner.ok()) return inner;
    SPANDREL_RETURN_IF_ERROR(tokens_.Expect(")"));
    return inner;
  }

  Result<FieldExpr> ParseUnary(Kind kind, int least) {
    const Place place = tokens_.now().place;
    SPANDREL_RETURN_IF_ERROR(tokens_.Take());
    auto operand = Parse(least);
    if (!operand.ok()) return operand;
    return Unary(kind, place, *std::move(operand));
  }

  TokenStream& tokens_;
};

}  // namespace

Result<FieldExpr> ParseFieldExpr(TokenStream& tokens) {
  return FieldParser(tokens).Parse(kLogic);
}

Result<Field> ParseField(TokenStream& tokens) {
  const Token token = tokens.now();
  if (token.kind == TokenKind::kField) {
    SPANDREL_RETURN_IF_ERROR(tokens.Take());
    return Field(token.attribute);
  }
  const auto intrinsic =
      token.kind == TokenKind::kWord ? FindIntrinsic(token.text) : std::optional<Intrinsic>();
  if (!intrinsic) {
    return tokens.Unexpected("an attribute like span.name or an intrinsic like duration",
                             IntrinsicWords());
  }
  SPANDREL_RETURN_IF_ERROR(tokens.Take());
  return Field(*intrinsic);
}

Result<Static> ParseStatic(TokenStream& tokens) {
  const Token& token = tokens.now();
  std::optional<Static> constant;
  if (token.kind == TokenKind::kConstant) constant = token.constant;
  if (token.kind == TokenKind::kWord) constant = FindConstant(token.text);
  if (!constant) {
    return tokens.Unexpected(
        "a value, an attribute like .name or span.name, or an intrinsic like duration",
        WordsOfFields());
  }
  SPANDREL_RETURN_IF_ERROR(tokens.Take());
  return *std::move(constant);
}

}  // namespace spandrel::traceql
