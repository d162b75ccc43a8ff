// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <simdjson.h>

#include <bit>
#include <limits>

#include "base/hex.h"
#include "proto/writer.h"
#include "wire/json/json_scalar.h"
#include "wire/otlp/json_attributes.h"
#include "wire/otlp/otlp.h"
#include "wire/otlp/otlp_records.h"
#include "wire/otlp/otlp_schema.h"

namespace spandrel::wire {
namespace {

using base::Status;
using base::StatusCode;
using simdjson::SUCCESS;
using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

// Objects and arrays around a value, and four a level inside it.
constexpr size_t kMaxJsonDepth = 16 + 4 * kMaxValueDepth;

constexpr size_t kMaxJsonBytes = std::numeric_limits<uint32_t>::max() / 2;

// Reads the messages of the schema's tables; recurses along the schema only. Defaults are not
// written, as protobuf's encoders leave them out.
class Reader {
 public:
  explicit Reader(std::string* protobuf) : out_(protobuf), attributes_(&out_) {}

  Status Read(MessageRule request, const element& root) {
    if (ReadFields(request, "request", root)) return {};
    return {StatusCode::kInvalidArgument, "otlp json: " + problem_};
  }

 private:
  bool ReadFields(MessageRule rules, std::string_view name, const element& value) {
    object members;
    if (value.get(members) != SUCCESS) return Fail(name, "is not an object");
    for (const auto& member : members) {
      if (member.value.is_null()) continue;
      for (const FieldRule& rule : rules) {
        if (!IsFieldName(member.key, rule.name)) continue;
        if (!ReadField(rule, member.value)) return false;
        break;
      }
    }
    return true;
  }

  bool ReadField(const FieldRule& rule, const element& value) {
    switch (rule.kind) {
      case FieldKind::kString:
        return ReadString(rule, value);
      case FieldKind::kId:
        return ReadId(rule, value);
      case FieldKind::kMessage:
        return ReadMessage(rule, value);
      case FieldKind::kRepeatedMessage:
      case FieldKind::kItems:
      case FieldKind::kRepeatedString:
      case FieldKind::kAttributes:
        return ReadRepeated(rule, value);
      case FieldKind::kPackedFixed64:
      case FieldKind::kPackedDouble:
      case FieldKind::kPackedUint64:
        return ReadPacked(rule, value);
      case FieldKind::kAnyValue:
        return ReadAnyValue(rule, value);
      case FieldKind::kDouble:
      case FieldKind::kOptionalDouble:
        return ReadDouble(rule, value);
      case FieldKind::kSpanKind:
        return ReadEnum(rule, JsonSpanKind(value));
      case FieldKind::kStatusCode:
        return ReadEnum(rule, JsonStatusCode(value));
      case FieldKind::kTemporality:
        return ReadEnum(rule, JsonTemporality(value));
      case FieldKind::kSeverity:
        return ReadEnum(rule, JsonSeverity(value));
      default:
        return ReadInteger(rule, value);
    }
  }

  bool ReadString(const FieldRule& rule, const element& value) {
    std::string_view text;
    if (value.get(text) != SUCCESS) return Fail(rule.name, "is not a string");
    if (!text.empty() || rule.kind == FieldKind::kRepeatedString) out_.Bytes(rule.number, text);
    return true;
  }

  bool ReadId(const FieldRule& rule, const element& value) {
    std::string_view text;
    if (value.get(text) != SUCCESS) return Fail(rule.name, "is not a string");
    const auto bytes = base::HexDecode(text);
    if (!bytes) return Fail(rule.name, "is not hexadecimal");
    if (!bytes->empty()) out_.Bytes(rule.number, *bytes);
    return true;
  }

  bool ReadMessage(const FieldRule& rule, const element& value) {
    const size_t opened = out_.Open(rule.number);
    if (!ReadFields(rule.message, rule.name, value)) return false;
    out_.Close(opened);
    return true;
  }

  bool ReadRepeated(const FieldRule& rule, const element& value) {
    array elements;
    if (value.get(elements) != SUCCESS) return Fail(rule.name, "is not an array");
    for (const element item : elements) {
      if (!ReadElement(rule, item)) return false;
    }
    return true;
  }

  bool ReadElement(const FieldRule& rule, const element& item) {
    if (rule.kind == FieldKind::kRepeatedMessage || rule.kind == FieldKind::kItems) {
      return ReadMessage(rule, item);
    }
    if (rule.kind == FieldKind::kRepeatedString) return ReadString(rule, item);
    const auto problem = attributes_.Read(rule.number, item);
    return !problem || Fail(rule.name, *problem);
  }

  bool ReadAnyValue(const FieldRule& rule, const element& value) {
    const auto problem = attributes_.ReadValue(rule.number, value);
    return !problem || Fail(rule.name, *problem);
  }

  // The numbers of a packed field, as one run of bytes.
  bool ReadPacked(const FieldRule& rule, const element& value) {
    array elements;
    if (value.get(elements) != SUCCESS) return Fail(rule.name, "is not an array");
    if (elements.size() == 0) return true;
    const size_t opened = out_.Open(rule.number);
    for (const element item : elements) {
      if (rule.kind == FieldKind::kPackedDouble) {
        const auto number = JsonDouble(item);
        if (!number) return Fail(rule.name, "has an element that is not a number");
        out_.RawFixed64(std::bit_cast<uint64_t>(*number));
        continue;
      }
      const auto number = JsonUint64(item);
      if (!number) return Fail(rule.name, "has an element that is not an unsigned 64-bit number");
      if (rule.kind == FieldKind::kPackedFixed64) {
        out_.RawFixed64(*number);
      } else {
        out_.RawVarint(*number);
      }
    }
    out_.Close(opened);
    return true;
  }

  bool ReadDouble(const FieldRule& rule, const element& value) {
    const auto number = JsonDouble(value);
    if (!number) return Fail(rule.name, "is not a number");
    const auto bits = std::bit_cast<uint64_t>(*number);
    if (bits != 0 || rule.kind == FieldKind::kOptionalDouble) out_.Fixed64(rule.number, bits);
    return true;
  }

  bool ReadEnum(const FieldRule& rule, std::optional<int32_t> number) {
    if (!number) return Fail(rule.name, "is neither a number nor a known name");
    const auto wide = static_cast<uint64_t>(static_cast<int64_t>(*number));
    if (wide != 0) out_.Varint(rule.number, wide);
    return true;
  }

  bool ReadInteger(const FieldRule& rule, const element& value) {
    switch (rule.kind) {
      case FieldKind::kFixed64: {
        const auto number = JsonUint64(value);
        if (!number) return Fail(rule.name, "is not an unsigned 64-bit number");
        if (*number != 0) out_.Fixed64(rule.number, *number);
        return true;
      }
      case FieldKind::kOptionalSfixed64: {
        const auto number = JsonInt64(value);
        if (!number) return Fail(rule.name, "is not a 64-bit integer");
        out_.Fixed64(rule.number, static_cast<uint64_t>(*number));
        return true;
      }
      case FieldKind::kSint32: {
        const auto number = JsonInt32(value);
        if (!number) return Fail(rule.name, "is not a 32-bit integer");
        if (*number != 0) out_.Varint(rule.number, ZigZag(*number));
        return true;
      }
      case FieldKind::kBool: {
        bool truth = false;
        if (value.get(truth) != SUCCESS) return Fail(rule.name, "is not a boolean");
        if (truth) out_.Varint(rule.number, 1);
        return true;
      }
      default:
        return ReadUint32(rule, value);
    }
  }

  bool ReadUint32(const FieldRule& rule, const element& value) {
    const auto number = JsonUint32(value);
    if (!number) return Fail(rule.name, "is not an unsigned 32-bit number");
    if (*number == 0) return true;
    if (rule.kind == FieldKind::kFixed32) {
      out_.Fixed32(rule.number, *number);
    } else {
      out_.Varint(rule.number, *number);
    }
    return true;
  }

  static uint32_t ZigZag(int32_t value) {
    return static_cast<uint32_t>(value) << 1 ^ static_cast<uint32_t>(value >> 31);
  }

  bool Fail(std::string_view field, std::string_view reason) {
    problem_ = fmt::format("{}: {}", field, reason);
    return false;
  }

  proto::Writer out_;
  JsonAttributeReader attributes_;
  std::string problem_;
};

// What the parsed document and the protobuf made from it may take at most: a tape of two words and
// two structural indexes for each token, and twice the text.
size_t ParsedSize(std::string_view text) {
  size_t tokens = 2;
  for (const char c : text) {
    tokens += (c == '{') + (c == '}') + (c == '[') + (c == ']') + (c == ':') + (c == ',');
  }
  return 2 * text.size() + 24 * tokens;
}

Status ParseJson(MessageRule request, std::string_view text, std::string* protobuf) {
  simdjson::dom::parser parser;
  element root;
  simdjson::error_code error = parser.allocate(text.size(), kMaxJsonDepth);
  if (error == SUCCESS) error = parser.parse(text.data(), text.size()).get(root);
  if (error != SUCCESS) {
    return {StatusCode::kInvalidArgument,
            fmt::format("otlp json: {}", simdjson::error_message(error))};
  }
  return Reader(protobuf).Read(request, root);
}

// The request as protobuf.
base::Result<std::string> ToProtobuf(MessageRule request, std::string_view text,
                                     base::ByteBudget::Reservation* reservation) {
  if (text.size() > kMaxJsonBytes) {
    return Status(StatusCode::kResourceExhausted, "otlp json: larger than 2 GiB");
  }
  std::string protobuf;
  const bool counted = reservation->bytes() > 0;
  const size_t parsed_size = counted ? ParsedSize(text) : 0;
  if (counted && !reservation->TryGrow(parsed_size)) {
    return Status::Unavailable("no memory left to parse the request", std::chrono::seconds(1));
  }
  SPANDREL_RETURN_IF_ERROR(ParseJson(request, text, &protobuf));
  if (counted) reservation->Shrink(parsed_size);
  return protobuf;
}

}  // namespace

base::Result<DecodedRequest> DecodeOtlpJson(std::string_view request,
                                            base::ByteBudget::Reservation reservation) {
  auto protobuf = ToProtobuf(kTracesSchema.request, request, &reservation);
  if (!protobuf.ok()) return protobuf.status();
  return DecodeOtlpProtobuf(base::MakeSharedBytes(*std::move(protobuf)), std::move(reservation));
}

base::Result<DecodedRecords> DecodeOtlpRecordsJson(signal::Signal signal, std::string_view request,
                                                   base::ByteBudget::Reservation reservation) {
  auto protobuf = ToProtobuf(SchemaOf(signal).request, request, &reservation);
  if (!protobuf.ok()) return protobuf.status();
  return DecodeOtlpRecords(signal, base::MakeSharedBytes(*std::move(protobuf)),
                           std::move(reservation));
}

}  // namespace spandrel::wire
