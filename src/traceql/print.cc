// SPDX-License-Identifier: Apache-2.0
#include "traceql/print.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "base/go_duration.h"
#include "traceql/words.h"

namespace spandrel::traceql {
namespace {

std::string Parenthesised(bool needed, const std::string& text) {
  return needed ? "(" + text + ")" : text;
}

template <typename Items, typename Print>
std::string Joined(const Items& items, std::string_view separator, Print&& print) {
  std::string text;
  for (const auto& item : items) {
    if (!text.empty()) text += separator;
    text += print(item);
  }
  return text;
}

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < ' ' || byte == 0x7F) {
      quoted += fmt::format("\\x{:02x}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::string QuotedName(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

// A name that would read as something else without quotes: the digits of a number, a scope.
bool NeedsQuotes(const Attribute& attribute) {
  const std::string& key = attribute.key;
  if (key.empty() || !std::all_of(key.begin(), key.end(), IsNameByte)) return true;
  if (attribute.of_parent && attribute.scope == Scope::kUnscoped) {
    return key.starts_with("span.") || key.starts_with("resource.");
  }
  return attribute.scope == Scope::kUnscoped && key[0] >= '0' && key[0] <= '9';
}

std::string FloatText(double number) {
  std::string text = fmt::format("{}", number);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

bool IsNegative(const Static& constant) {
  if (const auto* number = std::get_if<double>(&constant.value)) return std::signbit(*number);
  const auto* whole = std::get_if<int64_t>(&constant.value);
  return whole != nullptr && *whole < 0;
}

bool IsLogic(const FieldExpr& expr) {
  return expr.kind == FieldExpr::Kind::kAnd || expr.kind == FieldExpr::Kind::kOr;
}

std::string OperandText(const FieldExpr& operand) {
  const bool is_plain =
      operand.kind == FieldExpr::Kind::kField || operand.kind == FieldExpr::Kind::kStatic;
  return Parenthesised(!is_plain, ToText(operand));
}

// Beside an operator that binds tighter than a sign does.
std::string TightOperandText(const FieldExpr& operand) {
  const bool has_sign = operand.kind == FieldExpr::Kind::kStatic && IsNegative(operand.constant);
  return has_sign ? "(" + ToText(operand) + ")" : OperandText(operand);
}

std::string PipelineText(const Pipeline& pipeline);

std::string FilterText(const FieldExpr& filter) {
  return "{ " + ToText(filter) + " }";
}

std::string SpansetText(const SpansetExpr& expr) {
  const auto operand = [](const SpansetExpr& one) {
    const bool is_plain =
        one.kind == SpansetExpr::Kind::kFilter || one.kind == SpansetExpr::Kind::kPipeline;
    return Parenthesised(!is_plain, SpansetText(one));
  };
  switch (expr.kind) {
    case SpansetExpr::Kind::kFilter:
      return FilterText(expr.filter);
    case SpansetExpr::Kind::kPipeline:
      return "(" + PipelineText(expr.pipeline) + ")";
    case SpansetExpr::Kind::kAnd:
      return Joined(expr.operands, " && ", operand);
    case SpansetExpr::Kind::kOr:
      return Joined(expr.operands, " || ", operand);
    case SpansetExpr::Kind::kStructural:
      break;
  }
  return Joined(expr.operands, " " + OperatorText(expr.relation, expr.join) + " ", operand);
}

std::string FieldsText(const std::vector<Field>& fields) {
  return Joined(fields, ", ", [](const Field& field) { return ToText(field); });
}

std::string ScalarOperandText(const ScalarExpr& operand) {
  return Parenthesised(operand.kind == ScalarExpr::Kind::kBinary, ToText(operand));
}

std::string StageText(const Stage& stage) {
  if (const auto* spanset = std::get_if<SpansetExpr>(&stage.what)) return SpansetText(*spanset);
  if (const auto* filter = std::get_if<ScalarFilter>(&stage.what)) {
    return ScalarOperandText(filter->left) + " " + std::string(OperatorText(filter->op)) + " " +
           ScalarOperandText(filter->right);
  }
  if (const auto* group = std::get_if<GroupBy>(&stage.what)) return "by(" + ToText(group->by) + ")";
  if (const auto* select = std::get_if<Select>(&stage.what)) {
    return "select(" + FieldsText(select->fields) + ")";
  }
  return "coalesce()";
}

std::string PipelineText(const Pipeline& pipeline) {
  return Joined(pipeline.stages, " | ", StageText);
}

std::string ArgumentsText(const Metrics& metrics) {
  if (metrics.function == MetricsFunction::kCompare) {
    std::string text = FilterText(metrics.selection);
    const bool has_range = metrics.start_unix_nano != 0 || metrics.end_unix_nano != 0;
    if (metrics.top != 10 || has_range) text += fmt::format(", {}", metrics.top);
    if (has_range) text += fmt::format(", {}, {}", metrics.start_unix_nano, metrics.end_unix_nano);
    return text;
  }
  std::string text = metrics.of ? ToText(*metrics.of) : "";
  for (const double quantile : metrics.quantiles) text += ", " + FloatText(quantile);
  return text;
}

std::string MetricsText(const Metrics& metrics) {
  std::string text(MetricsFunctionName(metrics.function));
  text += "(" + ArgumentsText(metrics) + ")";
  if (!metrics.by.empty()) text += " by(" + FieldsText(metrics.by) + ")";
  return text;
}

std::string SecondStagesText(const std::vector<SecondStage>& stages) {
  std::string text;
  for (const SecondStage& stage : stages) {
    if (stage.kind == SecondStage::Kind::kFilter) {
      text += " " + std::string(OperatorText(stage.op)) + " " + ToText(stage.threshold);
    } else {
      const bool is_top = stage.kind == SecondStage::Kind::kTopK;
      text += fmt::format(" | {}({})", is_top ? "topk" : "bottomk", stage.count);
    }
  }
  return text;
}

std::string MetricsExprText(const MetricsExpr& expr) {
  switch (expr.kind) {
    case MetricsExpr::Kind::kConstant:
      return FloatText(expr.constant);
    case MetricsExpr::Kind::kQuery:
      return PipelineText(expr.pipeline) + " | " + MetricsText(expr.metrics) +
             SecondStagesText(expr.then);
    case MetricsExpr::Kind::kBinary:
      break;
  }
  const auto operand = [](const MetricsExpr& one) {
    return Parenthesised(one.kind != MetricsExpr::Kind::kConstant, MetricsExprText(one));
  };
  return Joined(expr.operands, " " + std::string(OperatorText(expr.op)) + " ", operand) +
         SecondStagesText(expr.then);
}

}  // namespace

std::string ToText(const Static& constant) {
  if (const auto* flag = std::get_if<bool>(&constant.value)) return *flag ? "true" : "false";
  if (const auto* number = std::get_if<double>(&constant.value)) return FloatText(*number);
  if (const auto* text = std::get_if<std::string>(&constant.value)) {
    return constant.type == Type::kString ? Quoted(*text) : *text;
  }
  const int64_t whole = std::get<int64_t>(constant.value);
  if (constant.type == Type::kDuration) {
    return base::FormatGoDuration(std::chrono::nanoseconds(whole));
  }
  return whole == INT64_MIN ? "minInt" : std::to_string(whole);
}

std::string ToText(const Field& field) {
  if (const auto* intrinsic = std::get_if<Intrinsic>(&field)) {
    return std::string(IntrinsicName(*intrinsic));
  }
  const auto& attribute = std::get<Attribute>(field);
  std::string text;
  if (attribute.of_parent) text = "parent";
  if (!attribute.of_parent || attribute.scope == Scope::kUnscoped) {
    text += ScopePrefix(attribute.scope);
  } else {
    text.append(".").append(ScopePrefix(attribute.scope));
  }
  return text + (NeedsQuotes(attribute) ? QuotedName(attribute.key) : attribute.key);
}

std::string ToText(const FieldExpr& expr) {
  switch (expr.kind) {
    case FieldExpr::Kind::kStatic:
      return ToText(expr.constant);
    case FieldExpr::Kind::kField:
      return ToText(expr.field);
    case FieldExpr::Kind::kNegate:
      return "-" + TightOperandText(expr.children[0]);
    case FieldExpr::Kind::kNot:
      return "!" + TightOperandText(expr.children[0]);
    case FieldExpr::Kind::kExists:
      return OperandText(expr.children[0]) + " != nil";
    case FieldExpr::Kind::kNotExists:
      return OperandText(expr.children[0]) + " = nil";
    case FieldExpr::Kind::kBinary:
      return Joined(expr.children, " " + std::string(OperatorText(expr.op)) + " ",
                    IsArithmetic(expr.op) ? TightOperandText : OperandText);
    case FieldExpr::Kind::kAnd:
    case FieldExpr::Kind::kOr:
      break;
  }
  return Joined(
      expr.children, expr.kind == FieldExpr::Kind::kAnd ? " && " : " || ",
      [](const FieldExpr& child) { return Parenthesised(IsLogic(child), ToText(child)); });
}

std::string ToText(const ScalarExpr& scalar) {
  switch (scalar.kind) {
    case ScalarExpr::Kind::kConstant:
      return ToText(scalar.constant);
    case ScalarExpr::Kind::kAggregate: {
      const bool has_argument = scalar.aggregate != AggregateOp::kCount;
      return std::string(AggregateName(scalar.aggregate)) + "(" +
             (has_argument ? ToText(scalar.argument) : "") + ")";
    }
    case ScalarExpr::Kind::kBinary:
      break;
  }
  return Joined(scalar.operands, " " + std::string(OperatorText(scalar.op)) + " ",
                ScalarOperandText);
}

std::string ToText(const Query& query) {
  const auto* pipeline = std::get_if<Pipeline>(&query.what);
  std::string text = pipeline != nullptr ? PipelineText(*pipeline)
                                         : MetricsExprText(std::get<MetricsExpr>(query.what));
  if (query.hints.empty()) return text;
  return text + " with(" +
         Joined(query.hints, ", ",
                [](const Hint& hint) { return hint.name + "=" + ToText(hint.value); }) +
         ")";
}

}  // namespace spandrel::traceql
