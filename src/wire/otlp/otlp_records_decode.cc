// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "proto/field_reader.h"
#include "wire/otlp/otlp_records.h"
#include "wire/otlp/otlp_schema.h"
#include "wire/otlp/request_walk.h"

namespace spandrel::wire {
namespace {

using proto::NextField;

const FieldRule* FindRule(MessageRule rules, uint32_t number) {
  for (const FieldRule& rule : rules) {
    if (rule.number == number) return &rule;
  }
  return nullptr;
}

bool IsVarintRun(std::string_view run) {
  const char* at = run.data();
  const char* const end = at + run.size();
  uint64_t value = 0;
  while (at < end) {
    if (!proto::ReadLongVarint(&at, end, &value)) return false;
  }
  return true;
}

// Reads the records of one request of metrics or logs: what the index holds of each is little, but
// each is checked to its depth. Recurses along the schema only, five messages deep.
class Decoder : public RequestWalk<Decoder, signal::RecordChunk> {
 public:
  static constexpr RequestNames kNames = {"resource_records", "resource", "scope_records", "scope"};

  Decoder(std::string_view bytes, signal::RecordChunk* chunk, signal::Signal signal)
      : RequestWalk(bytes, chunk),
        record_(SchemaOf(signal).record),
        record_name_(SchemaOf(signal).records),
        is_item_(signal == signal::Signal::kLogs) {}

  bool whole() const { return !deprecated(); }
  size_t record_count() { return chunk()->records.size(); }

  bool ReadRecord(std::string_view message, uint32_t scope) {
    items_ = is_item_ ? 1 : 0;
    if (!CheckMessage(record_, record_name_, message)) return false;
    if (!GrowIfFull(&chunk()->records)) return false;
    chunk()->records.push_back({RangeOf(message), scope, items_});
    return true;
  }

 private:
  // A message holds one message of each kind at most, and a record one message at all, since a
  // metric's are a oneof.
  bool CheckMessage(MessageRule rules, std::string_view name, std::string_view message) {
    const bool is_record = rules.data() == record_.data();
    uint64_t seen = 0;
    proto::Field field;
    while (NextField(&message, &field)) {
      if (!field.is_bytes()) continue;
      const FieldRule* rule = FindRule(rules, field.number);
      if (rule == nullptr) continue;
      if (rule->kind == FieldKind::kMessage || rule->kind == FieldKind::kAnyValue) {
        if ((seen & 1ULL << rule->number) != 0 || (is_record && seen != 0)) {
          return Fail(field.bytes.data(), rule->name, "given twice");
        }
        seen |= 1ULL << rule->number;
      }
      if (!CheckField(*rule, field.bytes)) return false;
    }
    return AtEnd(message, name);
  }

  bool CheckField(const FieldRule& rule, std::string_view bytes) {
    switch (rule.kind) {
      case FieldKind::kItems:
        ++items_;
        [[fallthrough]];
      case FieldKind::kMessage:
      case FieldKind::kRepeatedMessage:
        return CheckMessage(rule.message, rule.name, bytes);
      case FieldKind::kAttributes:
        return CheckAttribute(bytes, rule.name);
      case FieldKind::kAnyValue:
        return CheckValue(bytes, rule.name);
      case FieldKind::kPackedFixed64:
      case FieldKind::kPackedDouble:
        return bytes.size() % sizeof(uint64_t) == 0 ||
               Fail(bytes.data(), rule.name, "malformed protobuf");
      case FieldKind::kPackedUint64:
        return IsVarintRun(bytes) || Fail(bytes.data(), rule.name, "malformed protobuf");
      default:
        return true;
    }
  }

  const MessageRule record_;
  const std::string_view record_name_;
  const bool is_item_;
  uint32_t items_ = 0;  // of the record being read
};

}  // namespace

base::Result<DecodedRecords> DecodeOtlpRecords(signal::Signal signal, base::SharedBytes request,
                                               base::ByteBudget::Reservation reservation) {
  if (request->size() > kMaxRequestBytes) {
    return base::Status(base::StatusCode::kResourceExhausted, "otlp request: larger than 4 GiB");
  }
  auto chunk = std::make_shared<signal::RecordChunk>();
  chunk->buffer = std::move(request);
  chunk->reservation = std::move(reservation);
  Decoder decoder(chunk->bytes(), chunk.get(), signal);
  SPANDREL_RETURN_IF_ERROR(decoder.Run());
  chunk->whole = decoder.whole();
  return DecodedRecords(std::move(chunk));
}

}  // namespace spandrel::wire
