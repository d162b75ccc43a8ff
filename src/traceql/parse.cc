// SPDX-License-Identifier: Apache-2.0
#include "traceql/parse.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "traceql/check_types.h"
#include "traceql/field_parser.h"
#include "traceql/metrics_parser.h"
#include "traceql/scalar_arithmetic.h"
#include "traceql/token_stream.h"
#include "traceql/words.h"

namespace spandrel::traceql {
namespace {

using base::Result;
using base::Status;

// `{ a } | count()` in parentheses: a number of each trace, which nothing takes.
struct PipelineNumber {};

// Whatever stands on one side of an operator outside of braces; what an operator means depends on
// what its sides are.
using Term = std::variant<SpansetExpr, ScalarExpr, ScalarFilter, MetricsExpr, PipelineNumber>;
// The same with pipelines.
using Piped = std::variant<Pipeline, ScalarExpr, MetricsExpr, PipelineNumber>;

enum Precedence : int { kNoOperator = 0, kLogic, kComparison, kSum, kProduct, kPowers };

struct Operator {
  int precedence = kNoOperator;
  bool is_and = false;
  std::optional<BinaryOp> op;  // arithmetic and comparison
  std::optional<Relation> relation;
  Join join = Join::kRight;
  std::string_view text;
  Place place;
};

Operator OperatorOf(const Token& token) {
  Operator found{.text = token.text, .place = token.place};
  if (token.kind != TokenKind::kMark) return found;
  if (token.text == "&&" || token.text == "||") {
    found.precedence = kLogic;
    found.is_and = token.text == "&&";
    return found;
  }
  for (int i = 0; i <= static_cast<int>(BinaryOp::kDoesNotMatch); ++i) {
    const auto op = static_cast<BinaryOp>(i);
    if (token.text == OperatorText(op)) found.op = op;
  }
  for (int i = 0; i <= static_cast<int>(Relation::kSibling); ++i) {
    for (const Join join : {Join::kRight, Join::kNot, Join::kUnion}) {
      if (token.text != OperatorText(static_cast<Relation>(i), join)) continue;
      found.relation = static_cast<Relation>(i);
      found.join = join;
    }
  }
  if (found.relation || (found.op && !IsArithmetic(*found.op))) {
    found.precedence = kComparison;
  } else if (found.op) {
    found.precedence = *found.op <= BinaryOp::kSubtract ? kSum
                       : *found.op == BinaryOp::kPower  ? kPowers
                                                        : kProduct;
  }
  return found;
}

const std::vector<std::string>& StageWords() {
  static const std::vector<std::string> kWords = [] {
    std::vector<std::string> words = {"by", "coalesce", "select", "topk", "bottomk", "with"};
    for (int i = 0; i <= static_cast<int>(AggregateOp::kSum); ++i) {
      words.emplace_back(AggregateName(static_cast<AggregateOp>(i)));
    }
    for (int i = 0; i <= static_cast<int>(MetricsFunction::kCompare); ++i) {
      words.emplace_back(MetricsFunctionName(static_cast<MetricsFunction>(i)));
    }
    return words;
  }();
  return kWords;
}

constexpr std::string_view kSpansetExpected = "a spanset like { ... }";
constexpr std::string_view kStageExpected =
    "a spanset, a comparison of an aggregate, by(), coalesce(), select() or a metrics function";

class Parser {
 public:
  explicit Parser(TokenStream& tokens) : tokens_(tokens) {}

  Result<Query> ParseQuery() {
    SPANDREL_RETURN_IF_ERROR(tokens_.Take());
    auto piped = ParsePiped();
    if (!piped.ok()) return piped.status();
    Query query;
    if (tokens_.IsWord("with")) {
      auto hints = ParseHints(tokens_);
      if (!hints.ok()) return hints.status();
      query.hints = *std::move(hints);
    }
    if (tokens_.now().kind != TokenKind::kEnd) {
      return tokens_.Unexpected("an operator, '|' or the end of the query", {"with"});
    }
    if (auto* pipeline = std::get_if<Pipeline>(&*piped)) {
      query.what = std::move(*pipeline);
    } else if (auto* metrics = std::get_if<MetricsExpr>(&*piped)) {
      query.what = std::move(*metrics);
    } else {
      return tokens_.Error("expected a comparison: a number by itself says nothing of a span");
    }
    return query;
  }

 private:
  Result<Piped> ParsePiped() {
    SPANDREL_RETURN_IF_ERROR(tokens_.Enter());
    auto piped = ParsePipeline();
    tokens_.Leave();
    return piped;
  }

  Result<Piped> ParsePipeline() {
    Pipeline pipeline;
    while (true) {
      if (const auto function = MetricsFunctionInView(); function && !pipeline.stages.empty()) {
        return ParseMetricsAfter(*function, std::move(pipeline));
      }
      const bool is_first = pipeline.stages.empty();
      auto stage = IsStageWord() ? ParseStageWord(is_first) : ParseTermStage(is_first);
      if (!stage.ok()) return stage.status();
      if (auto* whole = std::get_if<Piped>(&*stage)) return std::move(*whole);
      pipeline.stages.push_back(std::get<Stage>(std::move(*stage)));
      if (!tokens_.IsMark("|")) return Piped(std::move(pipeline));
      SPANDREL_RETURN_IF_ERROR(tokens_.Take());
    }
  }

  std::optional<MetricsFunction> MetricsFunctionInView() const {
    if (tokens_.now().kind != TokenKind::kWord) return std::nullopt;
    return FindMetricsFunction(tokens_.now().text);
  }

  Result<Piped> ParseMetricsAfter(MetricsFunction function, Pipeline pipeline) {
    MetricsExpr expr;
    expr.place = tokens_.now().place;
    auto metrics = ParseMetrics(tokens_, function);
    if (!metrics.ok()) return metrics.status();
    expr.metrics = *std::move(metrics);
    expr.pipeline = std::move(pipeline);
    return ParseAfterMetrics(std::move(expr));
  }

  // Comparisons of the series with a number, and `| topk(n)`.
  Result<Piped> ParseAfterMetrics(MetricsExpr expr) {
    while (true) {
      const Operator op = OperatorOf(tokens_.now());
      if (op.precedence == kComparison && op.op) {
        SPANDREL_RETURN_IF_ERROR(tokens_.Take());
        auto right = ParseTerm(kSum);
        if (!right.ok()) return right.status();
        const Status status = AddThreshold(op, *right, &expr);
        if (!status.ok()) return status;
      } else if (tokens_.IsMark("|")) {
        SPANDREL_RETURN_IF_ERROR(tokens_.Take());
        auto stage = ParseTopOrBottom(tokens_);
        if (!stage.ok()) return stage.status();
        expr.then.push_back(*stage);
      } else {
        return Piped(std::move(expr));
      }
    }
  }

  static Status AddThreshold(const Operator& op, const Term& right, MetricsExpr* metrics) {
    const auto* scalar = std::get_if<ScalarExpr>(&right);
    const bool is_comparison = *op.op != BinaryOp::kMatches && *op.op != BinaryOp::kDoesNotMatch;
    if (!is_comparison || scalar == nullptr || scalar->kind != ScalarExpr::Kind::kConstant) {
      return ErrorAt(op.place, "series are compared with a number only");
    }
    metrics->then.push_back(
        {.kind = SecondStage::Kind::kFilter, .op = *op.op, .threshold = scalar->constant});
    return {};
  }

  bool IsStageWord() const {
    return tokens_.IsWord("by") || tokens_.IsWord("coalesce") || tokens_.IsWord("select");
  }

  using StageOrAll = std::variant<Stage, Piped>;

  Result<StageOrAll> ParseStageWord(bool is_first) {
    const std::string word(tokens_.now().text);
    if (word == "coalesce" && is_first)
      return tokens_.Error("a pipeline cannot begin with coalesce()");
    SPANDREL_RETURN_IF_ERROR(tokens_.Take());
    SPANDREL_RETURN_IF_ERROR(tokens_.Expect("("));
    Stage stage;
    if (word == "by") {
      auto by = ParseFieldExpr(tokens_);
      if (!by.ok()) return by.status();
      stage.what = GroupBy{*std::move(by)};
    } else if (word == "select") {
      auto fields = ParseFields(tokens_);
      if (!fields.ok()) return fields.status();
      stage.what = Select{*std::move(fields)};
    } else {
      stage.what = Coalesce{};
    }
    SPANDREL_RETURN_IF_ERROR(tokens_.Expect(")"));
    return StageOrAll(std::move(stage));
  }

  // What is no stage of a pipeline ends it: a number, or series.
  Result<StageOrAll> ParseTermStage(bool is_first) {
    auto term = ParseTerm(kLogic);
    if (!term.ok()) return term.status();
    if (auto* spanset = std::get_if<SpansetExpr>(&*term)) {
      return StageOrAll(Stage{std::move(*spanset)});
    }
    if (auto* filter = std::get_if<ScalarFilter>(&*term)) {
      return StageOrAll(Stage{std::move(*filter)});
    }
    if (auto* metrics = std::get_if<MetricsExpr>(&*term)) {
      if (!is_first) return tokens_.Error("arithmetic between series cannot follow '|'");
      auto all = ParseAfterMetrics(std::move(*metrics));
      if (!all.ok()) return all.status();
      return StageOrAll(*std::move(all));
    }
    if (auto* scalar = std::get_if<ScalarExpr>(&*term); scalar != nullptr && is_first) {
      return StageOrAll(Piped(std::move(*scalar)));
    }
    if (!tokens_.IsMark(")")) return tokens_.Unexpected("a comparison: = != < <= > >=");
    return StageOrAll(Piped(PipelineNumber{}));
  }

  Result<Term> ParseTerm(int least) {
    SPANDREL_RETURN_IF_ERROR(tokens_.Enter());
    auto left = ParsePrimary();
    while (left.ok()) {
      const Operator op = OperatorOf(tokens_.now());
      if (op.precedence == kNoOperator || op.precedence < least) break;
      SPANDREL_RETURN_IF_ERROR(tokens_.Take());
      auto right = ParseTerm(op.precedence == kPowers ? kPowers : op.precedence + 1);
      if (!right.ok()) return right;
      left = Combine(op, *std::move(left), *std::move(right));
    }
    tokens_.Leave();
    return left;
  }

  Result<Term> ParsePrimary() {
    const Token& token = tokens_.now();
    if (tokens_.IsMark("{")) return ParseFilterTerm();
    if (tokens_.IsMark("(")) return ParseParenthesis();
    if (tokens_.IsMark("-")) return ParseNegative();
    if (token.kind == TokenKind::kConstant && token.constant.is_number()) {
      ScalarExpr scalar;
      scalar.constant = token.constant;
      scalar.place = token.place;
      SPANDREL_RETURN_IF_ERROR(tokens_.Take());
      return Term(std::move(scalar));
    }
    if (token.kind != TokenKind::kWord) return tokens_.Unexpected(kSpansetExpected);
    if (const auto aggregate = FindAggregate(token.text)) return ParseAggregate(*aggregate);
    if (MetricsFunctionInView()) {
      return tokens_.Error("a metrics function follows a spanset and '|': { ... } | " +
                           std::string(token.text) + "()");
    }
    return tokens_.Unexpected(kStageExpected, StageWords());
  }

  Result<Term> ParseFilterTerm() {
    auto filter = ParseFilter(tokens_);
    if (!filter.ok()) return filter.status();
    SpansetExpr spanset;
    spanset.filter = *std::move(filter);
    return Term(std::move(spanset));
  }

  Result<Term> ParseNegative() {
    const Place place = tokens_.now().place;
    SPANDREL_RETURN_IF_ERROR(tokens_.Take());
    SPANDREL_RETURN_IF_ERROR(tokens_.Enter());
    auto operand = ParsePrimary();
    tokens_.Leave();
    if (!operand.ok()) return operand;
    const auto* scalar = std::get_if<ScalarExpr>(&*operand);
    if (scalar == nullptr || scalar->kind != ScalarExpr::Kind::kConstant) {
      return ErrorAt(place, "only a number can have a sign here");
    }
    auto negated = NegatedConstant(*scalar, place);
    if (!negated.ok()) return negated.status();
    return Term(*std::move(negated));
  }

  Result<Term> ParseParenthesis() {
    SPANDREL_RETURN_IF_ERROR(tokens_.Take());
    auto piped = ParsePiped();
    if (!piped.ok()) return piped.status();
    SPANDREL_RETURN_IF_ERROR(tokens_.Expect(")"));
    if (auto* scalar = std::get_if<ScalarExpr>(&*piped)) return Term(std::move(*scalar));
    if (auto* metrics = std::get_if<MetricsExpr>(&*piped)) return Term(std::move(*metrics));
    if (std::holds_alternative<PipelineNumber>(*piped)) return Term(PipelineNumber{});
    auto& pipeline = std::get<Pipeline>(*piped);
    if (pipeline.stages.size() == 1) {
      if (auto* only = std::get_if<SpansetExpr>(&pipeline.stages[0].what)) {
        return Term(std::move(*only));
      }
    }
    SpansetExpr wrapped;
    wrapped.kind = SpansetExpr::Kind::kPipeline;
    wrapped.height = HeightOf(pipeline) + 1;
    wrapped.pipeline = std::move(pipeline);
    return Term(std::move(wrapped));
  }

  static int HeightOf(const Pipeline& pipeline) {
    int height = 1;
    for (const Stage& stage : pipeline.stages) {
      const auto* spanset = std::get_if<SpansetExpr>(&stage.what);
      if (spanset != nullptr) height = std::max(height, spanset->height);
    }
    return height;
  }

  Result<Term> ParseAggregate(AggregateOp aggregate) {
    ScalarExpr scalar;
    scalar.kind = ScalarExpr::Kind::kAggregate;
    scalar.aggregate = aggregate;
    scalar.place = tokens_.now().place;
    SPANDREL_RETURN_IF_ERROR(tokens_.Take());
    SPANDREL_RETURN_IF_ERROR(tokens_.Expect("("));
    if (aggregate != AggregateOp::kCount) {
      auto argument = ParseFieldExpr(tokens_);
      if (!argument.ok()) return argument.status();
      scalar.argument = *std::move(argument);
    }
    SPANDREL_RETURN_IF_ERROR(tokens_.Expect(")"));
    return Term(std::move(scalar));
  }

  // What an operator makes of what stands on its sides.
  static Result<Term> Combine(const Operator& op, Term left, Term right) {
    auto* left_spans = std::get_if<SpansetExpr>(&left);
    auto* right_spans = std::get_if<SpansetExpr>(&right);
    if (left_spans != nullptr && right_spans != nullptr) {
      return CombineSpansets(op, std::move(*left_spans), std::move(*right_spans));
    }
    if (std::holds_alternative<PipelineNumber>(left) ||
        std::holds_alternative<PipelineNumber>(right)) {
      if (!op.op) return Mismatch(op);
      return Status(
          base::StatusCode::kUnimplemented,
          ErrorAt(op.place, "aggregates of whole pipelines cannot be combined").message());
    }
    if (!op.op || *op.op >= BinaryOp::kMatches) return Mismatch(op);
    if (std::holds_alternative<MetricsExpr>(left) || std::holds_alternative<MetricsExpr>(right)) {
      return CombineMetrics(op, std::move(left), std::move(right));
    }
    auto* left_scalar = std::get_if<ScalarExpr>(&left);
    auto* right_scalar = std::get_if<ScalarExpr>(&right);
    if (left_scalar == nullptr || right_scalar == nullptr) return Mismatch(op);
    return CombineScalars(op, std::move(*left_scalar), std::move(*right_scalar));
  }

  static Status Mismatch(const Operator& op) {
    return ErrorAt(op.place, "'" + std::string(op.text) + "' does not go with what is beside it");
  }

  static Result<Term> CombineSpansets(const Operator& op, SpansetExpr left, SpansetExpr right) {
    if (op.precedence != kLogic && !op.relation) return Mismatch(op);
    SpansetExpr joined;
    joined.kind = op.relation ? SpansetExpr::Kind::kStructural
                  : op.is_and ? SpansetExpr::Kind::kAnd
                              : SpansetExpr::Kind::kOr;
    if (!op.relation && left.kind == joined.kind) {
      joined = std::move(left);
    } else {
      joined.relation = op.relation.value_or(Relation::kChild);
      joined.join = op.join;
      joined.height = left.height + 1;
      joined.operands.push_back(std::move(left));
    }
    joined.height = std::max(joined.height, right.height + 1);
    joined.operands.push_back(std::move(right));
    if (joined.height > kMaxDepth) return TooDeep(op.place);
    return Term(std::move(joined));
  }

  static Result<Term> CombineScalars(const Operator& op, ScalarExpr left, ScalarExpr right) {
    if (IsArithmetic(*op.op)) {
      auto both = CombineNumbers(*op.op, op.place, std::move(left), std::move(right));
      if (!both.ok()) return both.status();
      return Term(*std::move(both));
    }
    if (left.kind == ScalarExpr::Kind::kConstant && right.kind == ScalarExpr::Kind::kConstant) {
      return ErrorAt(op.place, "one side of a comparison must be an aggregate like count()");
    }
    return Term(ScalarFilter{*op.op, std::move(left), std::move(right)});
  }

  static Result<Term> CombineMetrics(const Operator& op, Term left, Term right) {
    if (!IsArithmetic(*op.op)) {
      auto* metrics = std::get_if<MetricsExpr>(&left);
      if (metrics == nullptr) return ErrorAt(op.place, "the number stands on the right of series");
      SPANDREL_RETURN_IF_ERROR(AddThreshold(op, right, metrics));
      return left;
    }
    if (*op.op > BinaryOp::kDivide) {
      return ErrorAt(op.place, "series take + - * / only");
    }
    auto left_series = SeriesOf(op, std::move(left));
    if (!left_series.ok()) return left_series.status();
    auto right_series = SeriesOf(op, std::move(right));
    if (!right_series.ok()) return right_series.status();
    MetricsExpr joined;
    joined.kind = MetricsExpr::Kind::kBinary;
    joined.op = *op.op;
    joined.place = op.place;
    joined.height = std::max(left_series->height, right_series->height) + 1;
    if (joined.height > kMaxDepth) return TooDeep(op.place);
    joined.operands.push_back(*std::move(left_series));
    joined.operands.push_back(*std::move(right_series));
    return Term(std::move(joined));
  }

  static Result<MetricsExpr> SeriesOf(const Operator& op, Term term) {
    if (auto* metrics = std::get_if<MetricsExpr>(&term)) return std::move(*metrics);
    const auto* scalar = std::get_if<ScalarExpr>(&term);
    if (scalar == nullptr || scalar->kind != ScalarExpr::Kind::kConstant) return Mismatch(op);
    if (scalar->constant.type == Type::kDuration) {
      return ErrorAt(scalar->place, "a duration cannot be part of arithmetic");
    }
    MetricsExpr constant;
    constant.kind = MetricsExpr::Kind::kConstant;
    constant.constant = scalar->constant.AsDouble();
    constant.place = scalar->place;
    return constant;
  }

  TokenStream& tokens_;
};

}  // namespace

Result<Query> Parse(std::string_view text) {
  if (text.size() > kMaxQueryBytes) {
    return Status(base::StatusCode::kInvalidArgument, "the query is longer than 128 KiB");
  }
  TokenStream tokens(text);
  auto query = Parser(tokens).ParseQuery();
  if (!query.ok()) return query;
  SPANDREL_RETURN_IF_ERROR(CheckTypes(*query));
  return query;
}

}  // namespace spandrel::traceql
