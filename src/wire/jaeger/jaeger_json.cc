// SPDX-License-Identifier: Apache-2.0
#include "wire/jaeger/jaeger_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>

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

struct ValueWriter {
  JsonWriter* json;

  void Type(std::string_view name) const {
    json->Key("type");
    json->String(name);
    json->Key("value");
  }
  void operator()(const std::string& text) const {
    Type("string");
    json->String(text);
  }
  void operator()(bool truth) const {
    Type("bool");
    json->Bool(truth);
  }
  void operator()(int64_t number) const {
    Type("int64");
    const bool is_safe = number <= kMaxSafeInteger && number >= -kMaxSafeInteger;
    is_safe ? json->Int(number) : json->QuotedInt(number);
  }
  void operator()(double number) const {
    Type("float64");
    json->Double(number);
  }
  void operator()(const JaegerBinary& binary) const {
    Type("binary");
    json->Base64(binary.bytes);
  }
};

void WriteTags(std::string_view name, const std::vector<JaegerTag>& tags, JsonWriter* json) {
  json->Key(name);
  json->OpenArray();
  for (const JaegerTag& tag : tags) {
    json->OpenObject();
    json->Key("key");
    json->String(tag.key);
    std::visit(ValueWriter{json}, tag.value);
    json->CloseObject();
  }
  json->CloseArray();
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

void WriteLogs(const std::vector<JaegerLog>& logs, JsonWriter* json) {
  json->Key("logs");
  json->OpenArray();
  for (const JaegerLog& log : logs) {
    json->OpenObject();
    json->Key("timestamp");
    json->Uint(log.time_unix_nano / kNanosPerMicro);
    WriteTags("fields", log.fields, json);
    json->CloseObject();
  }
  json->CloseArray();
}

void WriteWarnings(const std::vector<std::string>& warnings, JsonWriter* json) {
  json->Key("warnings");
  if (warnings.empty()) return json->Null();
  json->OpenArray();
  for (const std::string& warning : warnings) json->String(warning);
  json->CloseArray();
}

void WriteSpan(const JaegerSpan& span, std::string_view process_id, JsonWriter* json) {
  json->OpenObject();
  json->Key("traceID");
  WriteTraceId(span.trace_id, json);
  json->Key("spanID");
  json->Hex(span.span_id.view());
  if (span.flags != 0) {
    json->Key("flags");
    json->Uint(span.flags);
  }
  json->Key("operationName");
  json->String(span.operation_name);
  WriteReferences(span.references, json);
  json->Key("startTime");
  json->Uint(span.start_time_unix_nano / kNanosPerMicro);
  json->Key("duration");
  json->Uint(span.duration_nano / kNanosPerMicro);
  WriteTags("tags", span.tags, json);
  WriteLogs(span.logs, json);
  json->Key("processID");
  json->String(process_id);
  WriteWarnings(span.warnings, json);
  json->CloseObject();
}

// Numbers the processes p1, p2, ... in the order in which the spans name them.
class ProcessTable {
 public:
  const std::string& IdOf(const span::SpanRef& ref) {
    const std::string_view key = ref.resource().message;
    const auto [known, is_new] = ids_.try_emplace(key);
    if (is_new) {
      known->second = fmt::format("p{}", ids_.size());
      processes_.emplace_back(known->second, ToJaegerProcess(ref));
    }
    return known->second;
  }

  void Write(JsonWriter* json) const {
    json->Key("processes");
    json->OpenObject();
    for (const auto& [id, process] : processes_) {
      json->Key(id);
      json->OpenObject();
      json->Key("serviceName");
      json->String(process.service_name);
      WriteTags("tags", process.tags, json);
      json->CloseObject();
    }
    json->CloseObject();
  }

 private:
  std::map<std::string_view, std::string> ids_;  // by the resource's bytes
  std::vector<std::pair<std::string, JaegerProcess>> processes_;
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
    WriteSpan(ToJaegerSpan(ref), processes.IdOf(ref), &json);
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
