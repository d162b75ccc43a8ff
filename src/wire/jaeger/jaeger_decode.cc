// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <limits>

#include "proto/field_reader.h"
#include "wire/jaeger/jaeger.h"
#include "wire/jaeger/jaeger_proto.h"

namespace spandrel::wire {
namespace {

namespace model = jaeger_proto;
using proto::NextField;

// The functions below read one message each. False when its bytes are not such a message.

bool ReadTime(std::string_view message, uint64_t* unix_nano) {
  uint64_t seconds = 0;
  uint64_t nanos = 0;
  proto::Field field;
  while (NextField(&message, &field)) {
    if (field.number == model::kTimeSeconds && field.is_varint()) seconds = field.scalar;
    if (field.number == model::kTimeNanos && field.is_varint()) nanos = field.scalar;
  }
  if (!message.empty() || nanos >= model::kNanosPerSecond) return false;
  const uint64_t most = std::numeric_limits<uint64_t>::max() - nanos;
  if (seconds > most / model::kNanosPerSecond) return false;
  *unix_nano = seconds * model::kNanosPerSecond + nanos;
  return true;
}

// What a KeyValue holds for each of its types; `type` says which one counts.
struct TagFields {
  uint64_t type = 0;
  std::string_view text;
  bool truth = false;
  int64_t integer = 0;
  double real = 0;
  std::string_view binary;
};

JaegerValue ValueOf(const TagFields& fields) {
  switch (fields.type) {
    case 1:
      return fields.truth;
    case 2:
      return fields.integer;
    case 3:
      return fields.real;
    case 4:
      return JaegerBinary{std::string(fields.binary)};
    default:
      return std::string(fields.text);
  }
}

void ReadTagBytes(const proto::Field& field, TagFields* fields, JaegerTag* tag) {
  if (field.number == model::kTagKey) tag->key = field.bytes;
  if (field.number == model::kTagString) fields->text = field.bytes;
  if (field.number == model::kTagBinary) fields->binary = field.bytes;
}

void ReadTagVarint(const proto::Field& field, TagFields* fields) {
  if (field.number == model::kTagType) fields->type = field.scalar;
  if (field.number == model::kTagBool) fields->truth = field.scalar != 0;
  if (field.number == model::kTagInt64) fields->integer = static_cast<int64_t>(field.scalar);
}

bool ReadTag(std::string_view message, std::vector<JaegerTag>* tags) {
  JaegerTag tag;
  TagFields fields;
  proto::Field field;
  while (NextField(&message, &field)) {
    if (field.is_bytes()) ReadTagBytes(field, &fields, &tag);
    if (field.is_varint()) ReadTagVarint(field, &fields);
    if (field.is_fixed64() && field.number == model::kTagFloat64) {
      fields.real = std::bit_cast<double>(field.scalar);
    }
  }
  tag.value = ValueOf(fields);
  tags->push_back(std::move(tag));
  return message.empty();
}

bool ReadTraceId(std::string_view bytes, span::TraceId* id) {
  std::string padded(bytes);
  if (bytes.size() == 8) padded.insert(0, 8, '\0');
  const auto read = span::TraceId::FromBytes(padded);
  if (read) *id = *read;
  return read.has_value();
}

bool ReadSpanId(std::string_view bytes, span::SpanId* id) {
  const auto read = span::SpanId::FromBytes(bytes);
  if (read) *id = *read;
  return read.has_value();
}

bool ReadReference(std::string_view message, std::vector<JaegerReference>* references) {
  JaegerReference reference;
  proto::Field field;
  while (NextField(&message, &field)) {
    bool good = true;
    if (field.number == model::kReferenceTraceId && field.is_bytes()) {
      good = ReadTraceId(field.bytes, &reference.trace_id);
    } else if (field.number == model::kReferenceSpanId && field.is_bytes()) {
      good = ReadSpanId(field.bytes, &reference.span_id);
    } else if (field.number == model::kReferenceType && field.is_varint() && field.scalar == 1) {
      reference.type = JaegerReference::Type::kFollowsFrom;
    }
    if (!good) return false;
  }
  references->push_back(reference);
  return message.empty();
}

bool ReadLog(std::string_view message, std::vector<JaegerLog>* logs) {
  JaegerLog& log = logs->emplace_back();
  proto::Field field;
  while (NextField(&message, &field)) {
    if (!field.is_bytes()) continue;
    if (field.number == model::kLogTimestamp && !ReadTime(field.bytes, &log.time_unix_nano)) {
      return false;
    }
    if (field.number == model::kLogFields && !ReadTag(field.bytes, &log.fields)) return false;
  }
  return message.empty();
}

bool ReadProcess(std::string_view message, JaegerProcess* process) {
  proto::Field field;
  while (NextField(&message, &field)) {
    if (!field.is_bytes()) continue;
    if (field.number == model::kProcessServiceName) process->service_name = field.bytes;
    if (field.number == model::kProcessTags && !ReadTag(field.bytes, &process->tags)) return false;
  }
  return message.empty();
}

bool ReadSpanField(const proto::Field& field, JaegerBatchSpan* out) {
  JaegerSpan& span = out->span;
  switch (field.number) {
    case model::kSpanTraceId:
      return ReadTraceId(field.bytes, &span.trace_id);
    case model::kSpanSpanId:
      return ReadSpanId(field.bytes, &span.span_id);
    case model::kSpanOperationName:
      span.operation_name = field.bytes;
      return true;
    case model::kSpanReferences:
      return ReadReference(field.bytes, &span.references);
    case model::kSpanStartTime:
      return ReadTime(field.bytes, &span.start_time_unix_nano);
    case model::kSpanDuration:
      return ReadTime(field.bytes, &span.duration_nano);
    case model::kSpanTags:
      return ReadTag(field.bytes, &span.tags);
    case model::kSpanLogs:
      return ReadLog(field.bytes, &span.logs);
    case model::kSpanProcess:
      return ReadProcess(field.bytes, &out->process.emplace());
    case model::kSpanWarnings:
      span.warnings.emplace_back(field.bytes);
      return true;
    default:
      return true;
  }
}

bool ReadSpan(std::string_view message, std::vector<JaegerBatchSpan>* spans) {
  JaegerBatchSpan& span = spans->emplace_back();
  proto::Field field;
  while (NextField(&message, &field)) {
    if (field.is_bytes() && !ReadSpanField(field, &span)) return false;
    if (field.is_varint() && field.number == model::kSpanFlags) {
      span.span.flags = static_cast<uint32_t>(field.scalar);
    }
  }
  return message.empty() && !span.span.trace_id.IsZero() && !span.span.span_id.IsZero();
}

bool ReadBatch(std::string_view message, JaegerBatch* batch) {
  proto::Field field;
  while (NextField(&message, &field)) {
    if (!field.is_bytes()) continue;
    if (field.number == model::kBatchSpans && !ReadSpan(field.bytes, &batch->spans)) return false;
    if (field.number == model::kBatchProcess && !ReadProcess(field.bytes, &batch->process)) {
      return false;
    }
  }
  return message.empty();
}

bool ReadRequest(std::string_view request, JaegerBatch* batch) {
  proto::Field field;
  while (NextField(&request, &field)) {
    if (field.number == model::kPostSpansBatch && field.is_bytes() &&
        !ReadBatch(field.bytes, batch)) {
      return false;
    }
  }
  return request.empty();
}

}  // namespace

base::Result<JaegerBatch> DecodePostSpansRequest(std::string_view request) {
  JaegerBatch batch;
  if (!ReadRequest(request, &batch)) {
    return base::Status(base::StatusCode::kInvalidArgument,
                        "jaeger request: malformed protobuf, time or id");
  }
  return batch;
}

}  // namespace spandrel::wire
