// SPDX-License-Identifier: Apache-2.0
#include "api/tempo/tempo_parameters.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/tempo/tempo_hints.h"
#include "base/time_text.h"
#include "traceql/field_parser.h"
#include "traceql/parse.h"
#include "traceql/token_stream.h"

namespace spandrel::api {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;
using traceql::BinaryOp;
using traceql::FieldExpr;

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kDefaultLimit = 20;
constexpr uint64_t kMaxLimit = 262'144;
constexpr uint64_t kDefaultSpansPerSet = 3;
constexpr uint64_t kMaxTags = 100;

Status Wrong(std::string_view name, std::string_view why) {
  return {StatusCode::kInvalidArgument, std::string(name).append(": ").append(why)};
}

Result<std::optional<uint64_t>> Seconds(const Parameters& parameters, std::string_view name) {
  const std::string_view text = parameters.Get(name);
  if (text.empty()) return std::optional<uint64_t>();
  const auto seconds = base::ParseUnsigned(text);
  if (!seconds || *seconds > UINT64_MAX / kSecond - 1) {
    return Wrong(name, "expected seconds since 1970");
  }
  return std::optional<uint64_t>(*seconds);
}

FieldExpr Constant(traceql::Static value) {
  FieldExpr constant;
  constant.constant = std::move(value);
  return constant;
}

FieldExpr Comparison(traceql::Field field, BinaryOp op, traceql::Static value) {
  FieldExpr left;
  left.kind = FieldExpr::Kind::kField;
  left.field = std::move(field);
  FieldExpr comparison;
  comparison.kind = FieldExpr::Kind::kBinary;
  comparison.op = op;
  comparison.children.push_back(std::move(left));
  comparison.children.push_back(Constant(std::move(value)));
  return comparison;
}

FieldExpr Joined(FieldExpr::Kind kind, std::vector<FieldExpr> children) {
  if (children.empty()) return FieldExpr::True();
  if (children.size() == 1) return std::move(children[0]);
  FieldExpr joined;
  joined.kind = kind;
  joined.children = std::move(children);
  return joined;
}

// What a value may have been before it became text.
std::vector<traceql::Static> Readings(const std::string& text) {
  std::vector<traceql::Static> readings = {traceql::Static::OfText(traceql::Type::kString, text)};
  if (text == "true" || text == "false") {
    readings.push_back(traceql::Static::OfBool(text == "true"));
  }
  double number = 0;
  int64_t whole = 0;
  const char* const end = text.data() + text.size();
  if (const auto read = std::from_chars(text.data(), end, whole);
      read.ec == std::errc() && read.ptr == end) {
    readings.push_back(traceql::Static::OfInt(whole));
  } else if (const auto other = std::from_chars(text.data(), end, number);
             other.ec == std::errc() && other.ptr == end) {
    readings.push_back(traceql::Static::OfFloat(number));
  }
  return readings;
}

FieldExpr TagCondition(const std::string& key, const std::string& value) {
  using traceql::Intrinsic;
  const auto is_text = [&value](Intrinsic intrinsic) {
    return Comparison(intrinsic, BinaryOp::kEqual,
                      traceql::Static::OfText(traceql::Type::kString, value));
  };
  if (key == "name") return is_text(Intrinsic::kName);
  if (key == "root.name") return is_text(Intrinsic::kRootName);
  if (key == "root.service.name") return is_text(Intrinsic::kRootServiceName);
  if (key == "status" || key == "status.code") return is_text(Intrinsic::kStatus);
  if (key == "kind") return is_text(Intrinsic::kKind);
  if (key == "error" && (value == "true" || value == "false")) {
    return Comparison(Intrinsic::kStatus, value == "true" ? BinaryOp::kEqual : BinaryOp::kNotEqual,
                      traceql::Static::OfText(traceql::Type::kStatus, "error"));
  }
  std::vector<FieldExpr> readings;
  for (traceql::Static& reading : Readings(value)) {
    readings.push_back(Comparison(traceql::Attribute{traceql::Scope::kUnscoped, false, key},
                                  BinaryOp::kEqual, std::move(reading)));
  }
  return Joined(FieldExpr::Kind::kOr, std::move(readings));
}

// The next word up to one of `ends`, or in double quotes with backslashes.
Result<std::string> TakeWord(std::string_view* text, std::string_view ends) {
  std::string word;
  if (!text->starts_with('"')) {
    const size_t end = std::min(text->find_first_of(ends), text->size());
    word = text->substr(0, end);
    text->remove_prefix(end);
    return word;
  }
  for (size_t i = 1; i < text->size(); ++i) {
    if ((*text)[i] == '"') {
      text->remove_prefix(i + 1);
      return word;
    }
    if ((*text)[i] == '\\' && i + 1 < text->size()) ++i;
    word += (*text)[i];
  }
  return Wrong("tags", "the quoted text does not end");
}

// `service.name=shop http.path="/a b" sampled`, logfmt.
Status ParseTags(std::string_view text, std::vector<FieldExpr>* conditions) {
  while (true) {
    const size_t begin = text.find_first_not_of(" \t\n\r");
    if (begin == std::string_view::npos) return {};
    text.remove_prefix(begin);
    auto key = TakeWord(&text, "= \t\n\r");
    if (!key.ok()) return key.status();
    if (key->empty()) return Wrong("tags", "expected key=value");
    std::string value = "true";
    if (text.starts_with('=')) {
      text.remove_prefix(1);
      auto given = TakeWord(&text, " \t\n\r");
      if (!given.ok()) return given.status();
      value = *std::move(given);
    }
    if (conditions->size() == kMaxTags) return Wrong("tags", "too many");
    conditions->push_back(TagCondition(*key, value));
  }
}

Status AddDuration(const Parameters& parameters, std::string_view name, BinaryOp op,
                   std::vector<FieldExpr>* conditions) {
  const std::string_view text = parameters.Get(name);
  if (text.empty()) return {};
  const auto duration = base::ParseDuration(text);
  if (!duration.ok()) return Wrong(name, duration.status().message());
  conditions->push_back(Comparison(
      traceql::Intrinsic::kTraceDuration, op,
      traceql::Static::OfDuration(static_cast<int64_t>(std::min<uint64_t>(*duration, INT64_MAX)))));
  return {};
}

Result<traceql::Pipeline> PipelineOfTags(const Parameters& parameters) {
  std::vector<FieldExpr> conditions;
  SPANDREL_RETURN_IF_ERROR(ParseTags(parameters.Get("tags"), &conditions));
  SPANDREL_RETURN_IF_ERROR(
      AddDuration(parameters, "minDuration", BinaryOp::kGreaterOrEqual, &conditions));
  SPANDREL_RETURN_IF_ERROR(
      AddDuration(parameters, "maxDuration", BinaryOp::kLessOrEqual, &conditions));
  traceql::SpansetExpr filter;
  filter.filter = Joined(FieldExpr::Kind::kAnd, std::move(conditions));
  traceql::Pipeline pipeline;
  pipeline.stages.push_back({std::move(filter)});
  return pipeline;
}

Result<traceql::Pipeline> PipelineOfQuery(std::string_view q, std::string* note) {
  auto query = traceql::Parse(q);
  if (!query.ok()) return query.status();
  auto hints = ReadHints(query->hints);
  if (!hints.ok()) return hints.status();
  *note = std::move(hints->note);
  return SpansPipeline(*std::move(query));
}

}  // namespace

Result<storage::TimeRange> TempoTimeRange(const Parameters& parameters) {
  const auto start = Seconds(parameters, "start");
  if (!start.ok()) return start.status();
  const auto end = Seconds(parameters, "end");
  if (!end.ok()) return end.status();
  if (!*start && !*end) return storage::TimeRange();
  if (!*start || !*end) return Wrong(*start ? "end" : "start", "missing beside the other");
  if (**end < **start) return Wrong("end", "is before start");
  return storage::TimeRange{**start * kSecond, **end * kSecond + 1};
}

Result<traceql::Pipeline> SpansPipeline(traceql::Query query) {
  if (auto* pipeline = std::get_if<traceql::Pipeline>(&query.what)) return std::move(*pipeline);
  auto& metrics = std::get<traceql::MetricsExpr>(query.what);
  if (metrics.kind == traceql::MetricsExpr::Kind::kQuery) return std::move(metrics.pipeline);
  return Status(StatusCode::kUnimplemented, "arithmetic between series has no spans of its own");
}

Result<SearchQuestion> TempoSearch(const Parameters& parameters) {
  SearchQuestion question;
  query::SpansSearch& search = question.search;
  const auto range = TempoTimeRange(parameters);
  if (!range.ok()) return range.status();
  search.start_time = *range;
  const auto limit = parameters.Count("limit", kDefaultLimit, kMaxLimit);
  if (!limit.ok()) return limit.status();
  search.limit = *limit;
  search.spans_per_set = kDefaultSpansPerSet;
  if (const std::string_view text = parameters.Get("spss"); !text.empty()) {
    const auto spans = base::ParseUnsigned(text);
    if (!spans) return Wrong("spss", "expected a number");
    search.spans_per_set = *spans;
  }
  const std::string_view q = parameters.Get("q");
  if (!q.empty() && !parameters.Get("tags").empty()) return Wrong("q", "not beside tags");
  auto pipeline = q.empty() ? PipelineOfTags(parameters) : PipelineOfQuery(q, &question.note);
  if (!pipeline.ok()) return pipeline.status();
  search.pipeline = *std::move(pipeline);
  return question;
}

Result<traceql::Field> TempoField(std::string_view name) {
  traceql::TokenStream tokens(name);
  SPANDREL_RETURN_IF_ERROR(tokens.Take());
  auto field = traceql::ParseField(tokens);
  if (field.ok() && tokens.now().kind != traceql::TokenKind::kEnd) {
    return tokens.Unexpected("the end of the name");
  }
  return field;
}

}  // namespace spandrel::api
