// SPDX-License-Identifier: Apache-2.0
#include "wire/jaeger/jaeger_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/jaeger/jaeger_model.h"
#include "wire/json/json_writer.h"

namespace spandrel::wire {
namespace {

// The largest integer that JavaScript reads exactly.
constexpr int64_t kMaxSafeInteger = (int64_t{1} << 53) - 1;

constexpr uint64_t kNanosPerMicro = 1000;

void WriteTraceId(const span::TraceId& id, JsonWriter* json) {
  const std::string_view bytes = id.view();
  const std::string_view high = bytes.substr(0, 8);
  const bool is_short = std::all_of(high.begin(), high.end(), [](char c) { return c == 0; });
  json->Hex(is_short ? bytes.substr(8) : bytes);
}

void WriteNumber(int64_t number, JsonWriter* json) {
  const bool is_safe = number <= kMaxSafeInteger && number >= -kMaxSafeInteger;
  is_safe ? json->Int(number) : json->QuotedInt(number);
}

// From behind the key on: what has no type of its own is text.
void WriteTypeAndValue(const span::ValueView& value, JsonWriter* json) {
  switch (value.type()) {
    case span::ValueType::kString:
      json->Continue(R"(,"type":"string","value":)");
      return json->String(value.bytes());
    case span::ValueType::kBool:
      json->Continue(R"(,"type":"bool","value":)");
      return json->Bool(value.as_bool());
    case span::ValueType::kInt:
      json->Continue(R"(,"type":"int64","value":)");
      return WriteNumber(value.as_int(), json);
    case span::ValueType::kDouble:
      json->Continue(R"(,"type":"float64","value":)");
      return json->Double(value.as_double());
    case span::ValueType::kBytes:
      json->Continue(R"(,"type":"binary","value":)");
      return json->Base64(value.bytes());
    default:
      json->Continue(R"(,"type":"string","value":)");
      json->String(value.ToText());
  }
}

// For the tags of an array that is open.
JaegerTagVisitor WriteTagsTo(JsonWriter* json) {
  return [json](std::string_view key, const span::ValueView& value) {
    json->Begin(R"({"key":)");
    json->String(key);
    WriteTypeAndValue(value, json);
    json->End("}");
  };
}

void WriteReferences(const std::vector<JaegerReference>& references, JsonWriter* json) {
  json->Key("references");
  json->OpenArray();
  for (const JaegerReference& reference : references) {
    json->OpenObject();
    json->Key("refType");
    const bool is_child = reference.type == JaegerReference::Type::kChildOf;
    json->String(is_child ? "CHILD_OF" : "FOLLOWS_FROM");
    json->Key("traceID");
    WriteTraceId(reference.trace_id, json);
    json->Key("spanID");
    json->Hex(reference.span_id.view());
    json->CloseObject();
  }
  json->CloseArray();
}

void WriteLogs(span::MessageReader events, JsonWriter* json) {
  json->Key("logs");
  json->OpenArray();
  while (const auto message = events.Next()) {
    const span::EventView event(*message);
    json->Begin(R"({"timestamp":)");
    json->Uint(event.time_unix_nano / kNanosPerMicro);
    json->Key("fields");
    json->OpenArray();
    VisitJaegerLogFields(event, WriteTagsTo(json));
    json->End("]}");
  }
  json->CloseArray();
}

void WriteWarnings(const std::optional<span::ValueView>& warnings, JsonWriter* json) {
  json->Key("warnings");
  const std::vector<std::string> texts =
      warnings ? JaegerWarningsOf(*warnings) : std::vector<std::string>();
  if (texts.empty()) return json->Null();
  json->OpenArray();
  for (const std::string& text : texts) json->String(text);
  json->CloseArray();
}

// As ToJaegerSpan has it, without making one.
void WriteSpan(const span::SpanRef& ref, std::string_view process_id, JsonWriter* json) {
  const span::SpanEntry& entry = ref.entry();
  const span::SpanView view = ref.span();
  json->Begin(R"({"traceID":)");
  WriteTraceId(entry.trace_id, json);
  json->Key("spanID");
  json->Hex(entry.span_id.view());
  if ((view.flags & 1) != 0) json->Raw(R"("flags":1)");
  json->Key("operationName");
  json->String(ref.name());
  WriteReferences(JaegerReferencesOf(entry, view), json);
  json->Key("startTime");
  json->Uint(entry.start_time_unix_nano / kNanosPerMicro);
  json->Key("duration");
  json->Uint(entry.duration_nano() / kNanosPerMicro);
  json->Key("tags");
  json->OpenArray();
  std::optional<span::ValueView> warnings;
  VisitJaegerTags(ref, view, WriteTagsTo(json), &warnings);
  json->CloseArray();
  WriteLogs(view.events(), json);
  json->Key("processID");
  json->String(process_id);
  WriteWarnings(warnings, json);
  json->CloseObject();
}

// Numbers the processes p1, p2, ... in the order in which the spans name them. The spans' bytes
// outlive it.
class ProcessTable {
 public:
  const std::string& IdOf(const span::SpanRef& ref) {
    const std::string_view key = ref.resource().message;
    if (last_id_ != nullptr && key.data() == last_.data() && key.size() == last_.size()) {
      return *last_id_;
    }
    const auto [known, is_new] = ids_.try_emplace(key);
    if (is_new) {
      known->second = fmt::format("p{}", ids_.size());
      processes_.emplace_back(known->second, ref);
    }
    last_ = key;
    last_id_ = &known->second;
    return known->second;
  }

  void Write(JsonWriter* json) const {
    json->Key("processes");
    json->OpenObject();
    for (const auto& [id, ref] : processes_) {
      json->Key(id);
      json->Begin(R"({"serviceName":)");
      json->String(JaegerServiceOf(ref));
      json->Key("tags");
      json->OpenArray();
      VisitJaegerProcessTags(ref, WriteTagsTo(json));
      json->End("]}");
    }
    json->CloseObject();
  }

 private:
  std::map<std::string_view, std::string> ids_;  // by the resource's bytes
  std::vector<std::pair<std::string, span::SpanRef>> processes_;
  std::string_view last_;  // that was asked for
  const std::string* last_id_ = nullptr;
};

}  // namespace

void AppendJaegerTraceJson(const span::SpanBatch& batch, std::string* json_text) {
  (void)WriteJaegerTraceJson(batch, json_text, [](std::string*) { return base::Status(); });
}

base::Status WriteJaegerTraceJson(const span::SpanBatch& batch, std::string* json_text,
                                  const std::function<base::Status(std::string*)>& flush) {
  JsonWriter json(json_text);
  ProcessTable processes;
  json.OpenObject();
  json.Key("traceID");
  WriteTraceId(batch.chunks().front()->spans.front().trace_id, &json);
  json.Key("spans");
  json.OpenArray();
  base::Status status;
  span::ForEachSpan(batch, [&](const span::SpanRef& ref) {
    if (!status.ok()) return;
    WriteSpan(ref, processes.IdOf(ref), &json);
    status = flush(json_text);
  });
  if (!status.ok()) return status;
  json.CloseArray();
  processes.Write(&json);
  json.Key("warnings");
  json.Null();
  json.CloseObject();
  return flush(json_text);
}

}  // namespace spandrel::wire
