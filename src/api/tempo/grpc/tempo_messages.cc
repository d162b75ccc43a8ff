// SPDX-License-Identifier: Apache-2.0
#include "api/tempo/grpc/tempo_messages.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <utility>

#include "api/tempo/tempo_attributes.h"
#include "proto/field_reader.h"
#include "proto/writer.h"

namespace spandrel::api {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;
using proto::NextField;
using proto::Writer;
using storage::Value;

constexpr uint64_t kNanoPerMilli = 1'000'000;

// What a field of a request is as a parameter.
struct ParameterField {
  uint32_t number;
  std::string_view name;
  bool is_text = false;
  std::string_view unit = {};  // of a number
};

// Numbers that are 0 and texts that are empty are not there.
Result<Parameters> ReadFields(std::string_view message,
                              std::initializer_list<ParameterField> fields,
                              net::Headers parameters = {}) {
  proto::Field field;
  while (NextField(&message, &field)) {
    for (const ParameterField& wanted : fields) {
      if (field.number != wanted.number) continue;
      if (wanted.is_text && field.is_bytes() && !field.bytes.empty()) {
        parameters.emplace_back(wanted.name, field.bytes);
      } else if (!wanted.is_text && field.is_varint() && field.scalar != 0) {
        parameters.emplace_back(wanted.name, std::to_string(field.scalar).append(wanted.unit));
      }
    }
  }
  if (!message.empty()) return Status(StatusCode::kInvalidArgument, "malformed request");
  return Parameters(std::move(parameters));
}

// An entry of the map of tags, as logfmt.
std::string TagText(std::string_view entry) {
  std::string texts[2];
  proto::Field field;
  while (NextField(&entry, &field)) {
    if (field.is_bytes() && (field.number == 1 || field.number == 2)) {
      texts[field.number - 1] = field.bytes;
    }
  }
  std::string tag;
  for (const std::string& text : texts) {
    tag += tag.empty() ? "\"" : "=\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') tag += '\\';
      tag += c;
    }
    tag += '"';
  }
  return tag;
}

void WriteText(uint32_t field, std::string_view text, Writer* out) {
  if (!text.empty()) out->Bytes(field, text);
}

void WriteNumber(uint32_t field, uint64_t number, Writer* out) {
  if (number != 0) out->Varint(field, number);
}

void WriteDouble(uint32_t field, double number, Writer* out) {
  out->Fixed64(field, std::bit_cast<uint64_t>(number));
}

// The fields of an AnyValue.
void WriteScalar(const Value& value, Writer* out) {
  if (const auto* text = std::get_if<std::string>(&value)) return out->Bytes(1, *text);
  if (const auto* flag = std::get_if<bool>(&value)) return out->Varint(2, *flag ? 1 : 0);
  if (const auto* whole = std::get_if<int64_t>(&value)) {
    return out->Varint(3, static_cast<uint64_t>(*whole));
  }
  WriteDouble(4, std::get<double>(value), out);
}

void WriteAttribute(uint32_t field, std::string_view key, const std::vector<Value>& values,
                    Writer* out) {
  const size_t attribute = out->Open(field);
  out->Bytes(1, key);
  const size_t value = out->Open(2);
  if (values.size() == 1) {
    WriteScalar(values[0], out);
  } else {
    const size_t array = out->Open(5);
    for (const Value& one : values) {
      const size_t element = out->Open(1);
      WriteScalar(one, out);
      out->Close(element);
    }
    out->Close(array);
  }
  out->Close(value);
  out->Close(attribute);
}

void WriteSpan(uint32_t field, const query::FoundSpan& span, Writer* out) {
  const size_t message = out->Open(field);
  out->Bytes(1, span.span_id.ToHex());
  WriteText(2, TempoSpanName(span), out);
  WriteNumber(3, span.start_time_unix_nano, out);
  WriteNumber(4, span.duration_nano, out);
  for (const TempoAttribute& attribute : TempoAttributesOf(span)) {
    WriteAttribute(5, attribute.key, attribute.values, out);
  }
  out->Close(message);
}

void WriteSpanset(uint32_t field, const query::FoundSpanset& spanset, Writer* out) {
  const size_t message = out->Open(field);
  for (const query::FoundSpan& span : spanset.spans) WriteSpan(1, span, out);
  WriteNumber(2, spanset.matched, out);
  for (const auto& [key, value] : spanset.labels) {
    WriteAttribute(3, key, {TempoLabelValue(value)}, out);
  }
  out->Close(message);
}

void WriteTrace(const query::FoundTrace& trace, Writer* out) {
  const size_t message = out->Open(1);
  out->Bytes(1, trace.trace_id.ToHex());
  WriteText(2, trace.has_root ? std::string_view(trace.root_service) : kTempoNoRoot, out);
  WriteText(3, trace.root_name, out);
  WriteNumber(4, trace.start_time_unix_nano, out);
  WriteNumber(5, trace.duration_nano / kNanoPerMilli, out);
  WriteSpanset(6, trace.spansets[0], out);
  for (const query::FoundSpanset& spanset : trace.spansets) WriteSpanset(7, spanset, out);
  for (const storage::ServiceSummary& service : trace.services) {
    const size_t entry = out->Open(8);
    out->Bytes(1, service.name);
    const size_t stats = out->Open(2);
    WriteNumber(1, service.span_count, out);
    WriteNumber(2, service.error_count, out);
    out->Close(stats);
    out->Close(entry);
  }
  out->Close(message);
}

void WriteTexts(uint32_t field, const std::vector<std::string>& texts, Writer* out) {
  for (const std::string& text : texts) out->Bytes(field, text);
}

void WriteLabels(const query::Series& series, Writer* out) {
  for (const auto& [key, value] : series.labels) WriteAttribute(1, key, {value}, out);
}

void WriteSample(uint64_t unix_nano, double value, Writer* out) {
  const size_t sample = out->Open(2);
  WriteDouble(1, value, out);
  WriteNumber(2, unix_nano / kNanoPerMilli, out);
  out->Close(sample);
}

void WriteExemplar(const query::SeriesExemplar& exemplar, Writer* out) {
  const size_t message = out->Open(4);
  WriteAttribute(1, "trace:id", {Value(exemplar.trace_id.ToHex())}, out);
  WriteDouble(2, exemplar.value, out);
  WriteNumber(3, exemplar.time_unix_nano / kNanoPerMilli, out);
  out->Close(message);
}

}  // namespace

Result<Parameters> ReadSearchRequest(std::string_view message) {
  std::string tags;
  std::string_view rest = message;
  proto::Field field;
  while (NextField(&rest, &field)) {
    if (field.number != 1 || !field.is_bytes()) continue;
    tags += (tags.empty() ? "" : " ") + TagText(field.bytes);
  }
  net::Headers parameters;
  if (!tags.empty()) parameters.emplace_back("tags", tags);
  return ReadFields(message,
                    {{2, "minDuration", false, "ms"},
                     {3, "maxDuration", false, "ms"},
                     {4, "limit"},
                     {5, "start"},
                     {6, "end"},
                     {8, "q", true},
                     {9, "spss"}},
                    std::move(parameters));
}

Result<Parameters> ReadTagsRequest(std::string_view message) {
  return ReadFields(message,
                    {{1, "scope", true}, {2, "q", true}, {3, "start"}, {4, "end"}, {5, "limit"}});
}

Result<Parameters> ReadTagValuesRequest(std::string_view message) {
  return ReadFields(message,
                    {{1, "tag", true}, {2, "q", true}, {4, "start"}, {5, "end"}, {6, "limit"}});
}

Result<Parameters> ReadQueryRangeRequest(std::string_view message) {
  return ReadFields(message, {{1, "q", true},
                              {2, "start"},
                              {3, "end"},
                              {4, "step", false, "ns"},
                              {16, "exemplars"},
                              {17, "maxSeries"}});
}

Result<Parameters> ReadQueryInstantRequest(std::string_view message) {
  return ReadFields(message, {{1, "q", true}, {2, "start"}, {3, "end"}});
}

std::string SearchResponse(const storage::QueryContext& context, const query::FoundTraces& found,
                           size_t first, size_t count) {
  std::string bytes;
  Writer out(&bytes);
  for (size_t i = first; i < first + count; ++i) WriteTrace(found.traces[i], &out);
  const size_t metrics = out.Open(2);
  WriteNumber(1, found.inspected, &out);
  WriteNumber(2, context.inspected().bytes, &out);
  const bool is_last = first + count == found.traces.size();
  WriteNumber(4, is_last ? 1 : 0, &out);
  WriteNumber(5, 1, &out);
  WriteNumber(7, context.inspected().spans, &out);
  out.Close(metrics);
  return bytes;
}

std::string TagsResponse(const std::vector<std::string>& names) {
  std::string bytes;
  Writer out(&bytes);
  WriteTexts(1, names, &out);
  return bytes;
}

std::string ScopedTagsResponse(const std::vector<ScopedNames>& scopes) {
  std::string bytes;
  Writer out(&bytes);
  for (const ScopedNames& scope : scopes) {
    const size_t message = out.Open(1);
    out.Bytes(1, scope.scope);
    WriteTexts(2, scope.names, &out);
    out.Close(message);
  }
  return bytes;
}

std::string TagValuesResponse(const std::vector<TypedValue>& values) {
  std::string bytes;
  Writer out(&bytes);
  for (const TypedValue& value : values) out.Bytes(1, value.text);
  return bytes;
}

std::string TypedTagValuesResponse(const std::vector<TypedValue>& values) {
  std::string bytes;
  Writer out(&bytes);
  for (const TypedValue& value : values) {
    const size_t message = out.Open(1);
    out.Bytes(1, value.type);
    WriteText(2, value.text, &out);
    out.Close(message);
  }
  return bytes;
}

std::string QueryRangeResponse(const query::SeriesSet& set, const query::TimePoints& points) {
  std::string bytes;
  Writer out(&bytes);
  for (const query::Series& series : set.series) {
    const size_t message = out.Open(1);
    WriteLabels(series, &out);
    for (size_t i = 0; i < series.values.size(); ++i) {
      if (!std::isnan(series.values[i])) WriteSample(points.At(i), series.values[i], &out);
    }
    for (const query::SeriesExemplar& exemplar : series.exemplars) WriteExemplar(exemplar, &out);
    out.Close(message);
  }
  WriteNumber(3, set.truncated ? 1 : 0, &out);
  return bytes;
}

std::string QueryInstantResponse(const query::SeriesSet& set) {
  std::string bytes;
  Writer out(&bytes);
  for (const query::Series& series : set.series) {
    if (std::isnan(series.values[0])) continue;
    const size_t message = out.Open(1);
    WriteLabels(series, &out);
    WriteDouble(2, series.values[0], &out);
    out.Close(message);
  }
  return bytes;
}

}  // namespace spandrel::api
