// SPDX-License-Identifier: Apache-2.0
#include "traceql/metrics_parser.h"

#include <utility>

#include "traceql/field_parser.h"

namespace spandrel::traceql {
namespace {

using base::Result;
using base::Status;

Result<int64_t> ParseInt(TokenStream& tokens) {
  const Token& token = tokens.now();
  if (token.kind != TokenKind::kConstant || token.constant.type != Type::kInt) {
    return tokens.Unexpected("a whole number");
  }
  const int64_t value = std::get<int64_t>(token.constant.value);
  SPANDREL_RETURN_IF_ERROR(tokens.Take());
  return value;
}

Status ParseIntAfterComma(TokenStream& tokens, int64_t* value) {
  SPANDREL_RETURN_IF_ERROR(tokens.Expect(","));
  const auto number = ParseInt(tokens);
  if (!number.ok()) return number.status();
  *value = *number;
  return {};
}

// `{ status = error }, 20, 1, 2`.
Status ParseCompareArguments(TokenStream& tokens, Metrics* metrics) {
  auto selection = ParseFilter(tokens);
  if (!selection.ok()) return selection.status();
  metrics->selection = *std::move(selection);
  if (tokens.IsMark(")")) return {};
  SPANDREL_RETURN_IF_ERROR(ParseIntAfterComma(tokens, &metrics->top));
  if (tokens.IsMark(")")) return {};
  SPANDREL_RETURN_IF_ERROR(ParseIntAfterComma(tokens, &metrics->start_unix_nano));
  return ParseIntAfterComma(tokens, &metrics->end_unix_nano);
}

Status ParseQuantiles(TokenStream& tokens, std::vector<double>* quantiles) {
  do {
    SPANDREL_RETURN_IF_ERROR(tokens.Expect(","));
    const Token& token = tokens.now();
    if (token.kind != TokenKind::kConstant ||
        (token.constant.type != Type::kInt && token.constant.type != Type::kFloat)) {
      return tokens.Unexpected("a quantile from 0 to 1");
    }
    const double quantile = token.constant.AsDouble();
    if (quantile > 1) return tokens.Unexpected("a quantile from 0 to 1");
    quantiles->push_back(quantile);
    SPANDREL_RETURN_IF_ERROR(tokens.Take());
  } while (tokens.IsMark(","));
  return {};
}

Status ParseArguments(TokenStream& tokens, Metrics* metrics) {
  switch (metrics->function) {
    case MetricsFunction::kRate:
    case MetricsFunction::kCountOverTime:
      return {};
    case MetricsFunction::kCompare:
      return ParseCompareArguments(tokens, metrics);
    default:
      break;
  }
  auto field = ParseField(tokens);
  if (!field.ok()) return field.status();
  metrics->of = *std::move(field);
  if (metrics->function != MetricsFunction::kQuantileOverTime) return {};
  return ParseQuantiles(tokens, &metrics->quantiles);
}

}  // namespace

Result<FieldExpr> ParseFilter(TokenStream& tokens) {
  SPANDREL_RETURN_IF_ERROR(tokens.Expect("{"));
  Result<FieldExpr> filter = FieldExpr::True();
  if (!tokens.IsMark("}")) filter = ParseFieldExpr(tokens);
  if (!filter.ok()) return filter;
  if (!tokens.IsMark("}")) return tokens.Unexpected("an operator or '}'");
  SPANDREL_RETURN_IF_ERROR(tokens.Take());
  return filter;
}

Result<std::vector<Field>> ParseFields(TokenStream& tokens) {
  std::vector<Field> fields;
  while (true) {
    auto field = ParseField(tokens);
    if (!field.ok()) return field.status();
    fields.push_back(*std::move(field));
    if (!tokens.IsMark(",")) return fields;
    SPANDREL_RETURN_IF_ERROR(tokens.Take());
  }
}

Result<Metrics> ParseMetrics(TokenStream& tokens, MetricsFunction function) {
  Metrics metrics;
  metrics.function = function;
  metrics.place = tokens.now().place;
  SPANDREL_RETURN_IF_ERROR(tokens.Take());
  SPANDREL_RETURN_IF_ERROR(tokens.Expect("("));
  SPANDREL_RETURN_IF_ERROR(ParseArguments(tokens, &metrics));
  SPANDREL_RETURN_IF_ERROR(tokens.Expect(")"));
  if (!tokens.IsWord("by") || function == MetricsFunction::kCompare) return metrics;
  SPANDREL_RETURN_IF_ERROR(tokens.Take());
  SPANDREL_RETURN_IF_ERROR(tokens.Expect("("));
  auto by = ParseFields(tokens);
  if (!by.ok()) return by.status();
  metrics.by = *std::move(by);
  SPANDREL_RETURN_IF_ERROR(tokens.Expect(")"));
  return metrics;
}

Result<SecondStage> ParseTopOrBottom(TokenStream& tokens) {
  SecondStage stage;
  if (tokens.IsWord("bottomk")) {
    stage.kind = SecondStage::Kind::kBottomK;
  } else if (!tokens.IsWord("topk")) {
    return tokens.Unexpected("topk or bottomk after a metrics function", {"topk", "bottomk"});
  }
  SPANDREL_RETURN_IF_ERROR(tokens.Take());
  SPANDREL_RETURN_IF_ERROR(tokens.Expect("("));
  const Place place = tokens.now().place;
  const auto count = ParseInt(tokens);
  if (!count.ok()) return count.status();
  if (*count == 0) return ErrorAt(place, "topk and bottomk want a number of series above 0");
  stage.count = *count;
  SPANDREL_RETURN_IF_ERROR(tokens.Expect(")"));
  return stage;
}

Result<std::vector<Hint>> ParseHints(TokenStream& tokens) {
  SPANDREL_RETURN_IF_ERROR(tokens.Take());
  SPANDREL_RETURN_IF_ERROR(tokens.Expect("("));
  std::vector<Hint> hints;
  while (true) {
    if (tokens.now().kind != TokenKind::kWord) return tokens.Unexpected("the name of a hint");
    Hint hint{std::string(tokens.now().text), {}};
    SPANDREL_RETURN_IF_ERROR(tokens.Take());
    SPANDREL_RETURN_IF_ERROR(tokens.Expect("="));
    auto value = ParseStatic(tokens);
    if (!value.ok()) return value.status();
    hint.value = *std::move(value);
    hints.push_back(std::move(hint));
    if (!tokens.IsMark(",")) break;
    SPANDREL_RETURN_IF_ERROR(tokens.Take());
  }
  SPANDREL_RETURN_IF_ERROR(tokens.Expect(")"));
  return hints;
}

}  // namespace spandrel::traceql
