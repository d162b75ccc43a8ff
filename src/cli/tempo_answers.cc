// SPDX-License-Identifier: Apache-2.0
#include "cli/tempo_answers.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/ids.h"

namespace spandrel::cli {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;
using storage::Value;
namespace dom = simdjson::dom;

constexpr uint64_t kMilli = 1'000'000;

Status Malformed(std::string_view what) {
  return {StatusCode::kDataLoss, "the server's answer: " + std::string(what)};
}

// The member, or nothing: also of what is no object.
std::optional<dom::element> Member(const dom::element& object, std::string_view name) {
  dom::element member;
  if (object[name].get(member) != simdjson::SUCCESS) return std::nullopt;
  return member;
}

// What it is, or the empty value of that type.
template <typename Type>
Type As(simdjson::simdjson_result<Type> read) {
  Type value{};
  return std::move(read).get(value) == simdjson::SUCCESS ? value : Type{};
}

std::vector<dom::element> ListOf(const dom::element& object, std::string_view name) {
  const auto member = Member(object, name);
  dom::array list;
  if (!member || member->get_array().get(list) != simdjson::SUCCESS) return {};
  return {list.begin(), list.end()};
}

std::string_view TextOf(const dom::element& object, std::string_view name) {
  const auto member = Member(object, name);
  return member ? As<std::string_view>(member->get_string()) : std::string_view();
}

template <typename Number>
Number ParseNumber(std::string_view text) {
  Number number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end ? number : 0;
}

uint64_t UintOf(const dom::element& object, std::string_view name) {
  const auto member = Member(object, name);
  uint64_t number = 0;
  std::string_view text;
  if (!member || member->get_uint64().get(number) == simdjson::SUCCESS) return number;
  if (member->get_string().get(text) != simdjson::SUCCESS) return 0;
  return ParseNumber<uint64_t>(text);
}

// NaN and the infinities are texts.
double DoubleOf(const dom::element& object, std::string_view name) {
  const auto member = Member(object, name);
  double number = 0;
  std::string_view text;
  if (!member || member->get_double().get(number) == simdjson::SUCCESS) return number;
  if (member->get_string().get(text) == simdjson::SUCCESS) return ParseNumber<double>(text);
  return 0;
}

uint64_t NanoOfMilli(uint64_t milliseconds) {
  return std::min(milliseconds, UINT64_MAX / kMilli) * kMilli;
}

// An AnyValue, but for arrays.
Value ScalarOf(const dom::element& value) {
  if (const auto member = Member(value, "boolValue")) return As<bool>(member->get_bool());
  if (const auto member = Member(value, "intValue")) {
    int64_t number = 0;
    if (member->get_int64().get(number) == simdjson::SUCCESS) return number;
    return ParseNumber<int64_t>(As<std::string_view>(member->get_string()));
  }
  if (Member(value, "doubleValue")) return DoubleOf(value, "doubleValue");
  return std::string(TextOf(value, "stringValue"));
}

// Several values are one text.
Value ValueOf(const dom::element& value) {
  const auto list = Member(value, "arrayValue");
  if (!list) return ScalarOf(value);
  std::string joined;
  for (const dom::element& item : ListOf(*list, "values")) {
    joined += (joined.empty() ? "" : ", ") + storage::ValueText(ScalarOf(item));
  }
  return joined;
}

Result<SpanRow> SpanOf(const dom::element& json) {
  SpanRow span;
  const auto id = ReadSpanId(TextOf(json, "spanID"));
  if (!id.ok()) return Malformed(id.status().message());
  span.span_id = *id;
  span.start_unix_nano = UintOf(json, "startTimeUnixNano");
  span.duration_nano = UintOf(json, "durationNanos");
  span.name = TextOf(json, "name");
  for (const dom::element& field : ListOf(json, "attributes")) {
    const auto value = Member(field, "value");
    if (value) span.fields.emplace_back(TextOf(field, "key"), ValueOf(*value));
  }
  return span;
}

void AddServices(const dom::element& json, TraceRow* trace) {
  dom::object services;
  const auto member = Member(json, "serviceStats");
  if (!member || member->get_object().get(services) != simdjson::SUCCESS) return;
  for (const auto& [name, counts] : services) {
    trace->services.emplace_back(name);
    trace->spans += UintOf(counts, "spanCount");
    trace->errors += UintOf(counts, "errorCount");
  }
}

// Those of `spanSets`, of older servers that of `spanSet`.
Status AddSpansets(const dom::element& json, TraceRow* trace) {
  std::vector<dom::element> spansets = ListOf(json, "spanSets");
  if (const auto only = Member(json, "spanSet"); only && spansets.empty()) spansets = {*only};
  for (const dom::element& spanset : spansets) {
    trace->matched += UintOf(spanset, "matched");
    for (const dom::element& one : ListOf(spanset, "spans")) {
      auto span = SpanOf(one);
      if (!span.ok()) return span.status();
      trace->shown.push_back(*std::move(span));
    }
  }
  return {};
}

Result<TraceRow> TraceOf(const dom::element& json) {
  TraceRow trace;
  const auto id = ReadTraceId(TextOf(json, "traceID"));
  if (!id.ok()) return Malformed(id.status().message());
  trace.trace_id = *id;
  trace.root_service = TextOf(json, "rootServiceName");
  trace.root_name = TextOf(json, "rootTraceName");
  trace.has_root = Member(json, "rootTraceName").has_value();
  trace.start_unix_nano = UintOf(json, "startTimeUnixNano");
  trace.duration_nano = NanoOfMilli(UintOf(json, "durationMs"));
  AddServices(json, &trace);
  SPANDREL_RETURN_IF_ERROR(AddSpansets(json, &trace));
  return trace;
}

SeriesRow SeriesOf(const dom::element& json) {
  SeriesRow series;
  for (const dom::element& label : ListOf(json, "labels")) {
    const auto value = Member(label, "value");
    if (!value) continue;
    series.labels.emplace_back(TextOf(label, "key"), storage::ValueText(ValueOf(*value)));
  }
  for (const dom::element& sample : ListOf(json, "samples")) {
    const double value = DoubleOf(sample, "value");
    if (std::isnan(value)) continue;
    series.points.emplace_back(NanoOfMilli(UintOf(sample, "timestampMs")), value);
  }
  return series;
}

Result<dom::element> Parse(std::string_view json, dom::parser* parser) {
  dom::element answer;
  if (parser->parse(json.data(), json.size()).get(answer) != simdjson::SUCCESS ||
      !answer.is_object()) {
    return Malformed("expected a JSON object; is it a server of Tempo's API?");
  }
  return answer;
}

}  // namespace

Result<SearchAnswer> ParseSearchAnswer(std::string_view json) {
  dom::parser parser;
  const auto parsed = Parse(json, &parser);
  if (!parsed.ok()) return parsed.status();
  SearchAnswer answer;
  for (const dom::element& one : ListOf(*parsed, "traces")) {
    auto trace = TraceOf(one);
    if (!trace.ok()) return trace.status();
    answer.traces.push_back(*std::move(trace));
  }
  if (const auto metrics = Member(*parsed, "metrics")) {
    answer.inspected_spans = UintOf(*metrics, "inspectedSpans");
  }
  return answer;
}

Result<SeriesAnswer> ParseSeriesAnswer(std::string_view json) {
  dom::parser parser;
  const auto parsed = Parse(json, &parser);
  if (!parsed.ok()) return parsed.status();
  SeriesAnswer answer;
  for (const dom::element& series : ListOf(*parsed, "series")) {
    answer.series.push_back(SeriesOf(series));
  }
  answer.truncated = TextOf(*parsed, "status") == "PARTIAL";
  return answer;
}

}  // namespace spandrel::cli
