// SPDX-License-Identifier: Apache-2.0
#include "sdk/encoding/attribute_set.h"

#include <bit>
#include <cstring>
#include <string>

#include "base/utf8.h"
#include "proto/otlp.h"
#include "proto/raw_writer.h"
#include "sdk/encoding/any_value.h"
#include "sdk/encoding/text.h"

namespace spandrel::sdk {
namespace {

namespace otlp = proto::otlp;
using proto::Fixed64Tag;
using proto::LengthFieldSize;
using proto::LengthTag;
using proto::VarintSize;
using proto::VarintTag;
using proto::WriteFixed64;
using proto::WriteLengthHead;
using proto::WriteVarint;

namespace common = opentelemetry::common;
namespace nostd = opentelemetry::nostd;

constexpr char kKeyTag = LengthTag(otlp::kKeyValueKey);
constexpr char kValueTag = LengthTag(otlp::kKeyValueValue);
constexpr char kTextTag = LengthTag(otlp::kAnyValueString);

template <typename Word>
uint64_t MixEnds(std::string_view key) {
  Word head;
  Word tail;
  std::memcpy(&head, key.data(), sizeof(head));
  std::memcpy(&tail, key.data() + key.size() - sizeof(tail), sizeof(tail));
  return head ^ std::rotl(uint64_t{tail}, 29) ^ key.size();
}

// Both ends and the length tell most keys of one span apart.
uint64_t FilterBits(std::string_view key) {
  uint64_t mixed = 0;
  if (key.size() >= 8) {
    mixed = MixEnds<uint64_t>(key);
  } else if (key.size() >= 4) {
    mixed = MixEnds<uint32_t>(key);
  } else {
    mixed = MixEnds<uint8_t>(key);
  }
  mixed *= 0x9E3779B97F4A7C15u;
  return uint64_t{1} << (mixed >> 58) | uint64_t{1} << (mixed >> 52 & 63);
}

// Of what this file has written.
const char* ReadLength(const char* in, size_t* length) {
  *length = 0;
  for (int shift = 0;; shift += 7) {
    const uint8_t byte = static_cast<uint8_t>(*in++);
    *length |= static_cast<size_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return in;
  }
}

bool HasKey(const char* key_value, std::string_view key) {
  size_t size = 0;
  const char* const bytes = ReadLength(key_value + 1, &size);
  return size == key.size() && std::memcmp(bytes, key.data(), size) == 0;
}

// How the lengths of one attribute are written: most are so short that each takes one byte.
struct OneByteLengths {
  static size_t FieldSize(size_t content) { return 2 + content; }
  static char* WriteHead(char* out, char tag, size_t content) {
    out[0] = tag;
    out[1] = static_cast<char>(content);
    return out + 2;
  }
};
struct AnyLengths {
  static size_t FieldSize(size_t content) { return LengthFieldSize(content); }
  static char* WriteHead(char* out, char tag, size_t content) {
    return WriteLengthHead(out, tag, content);
  }
};

// The content of an AnyValue. Write returns the bits that occur in its text.
struct TextValue {
  std::string_view text;

  size_t size_hint() const { return text.size() + 2; }
  template <typename Lengths>
  size_t Size() const {
    return Lengths::FieldSize(text.size());
  }
  template <typename Lengths>
  uint64_t Write(char* out) const {
    return CopyText(Lengths::WriteHead(out, kTextTag, text.size()), text);
  }
};

struct VarintValue {
  char tag;
  uint64_t value;

  size_t size_hint() const { return 1 + VarintSize(value); }
  template <typename Lengths>
  size_t Size() const {
    return size_hint();
  }
  template <typename Lengths>
  uint64_t Write(char* out) const {
    *out = tag;
    WriteVarint(out + 1, value);
    return 0;
  }
};

struct DoubleValue {
  double value;

  size_t size_hint() const { return 1 + sizeof(value); }
  template <typename Lengths>
  size_t Size() const {
    return size_hint();
  }
  template <typename Lengths>
  uint64_t Write(char* out) const {
    *out = Fixed64Tag(otlp::kAnyValueDouble);
    WriteFixed64(out + 1, std::bit_cast<uint64_t>(value));
    return 0;
  }
};

// Encoded already, its text included.
struct EncodedValue {
  std::string_view content;

  size_t size_hint() const { return content.size(); }
  template <typename Lengths>
  size_t Size() const {
    return content.size();
  }
  template <typename Lengths>
  uint64_t Write(char* out) const {
    std::memcpy(out, content.data(), content.size());
    return 0;
  }
};

// Writes the whole field after what the message has, without committing it.
template <typename Lengths, typename Value>
[[gnu::always_inline]] inline char* WriteAttribute(MessageBuffer& message, char tag,
                                                   std::string_view key, const Value& value,
                                                   uint64_t* text_bits) {
  const size_t value_size = value.template Size<Lengths>();
  const size_t content = Lengths::FieldSize(key.size()) + Lengths::FieldSize(value_size);
  char* out = message.Reserve(Lengths::FieldSize(content));
  out = Lengths::WriteHead(out, tag, content);
  out = Lengths::WriteHead(out, kKeyTag, key.size());
  const uint64_t key_bits = CopyText(out, key);
  out = Lengths::WriteHead(out + key.size(), kValueTag, value_size);
  *text_bits = key_bits | value.template Write<Lengths>(out);
  return out + value_size;
}

}  // namespace

// Whether there is room for the key; its older value goes.
inline bool AttributeSet::Admit(std::string_view key, uint64_t filter_bits) {
  const bool may_be_old = (filter_ & filter_bits) == filter_bits;
  if (may_be_old && EraseOld(key)) return true;
  if (count_ < limits_.count) return true;
  ++dropped_;
  return false;
}

bool AttributeSet::EraseOld(std::string_view key) {
  const char* const data = message_.data();
  for (size_t begin = begin_; begin < message_.size();) {
    size_t size = 0;
    const char* const content = ReadLength(data + begin + 1, &size);
    const size_t end = static_cast<size_t>(content - data) + size;
    if (data[begin] == tag_ && HasKey(content, key)) {
      message_.Resize(begin, end - begin, 0);
      --count_;
      return true;
    }
    begin = end;
  }
  return false;
}

// Adds one attribute, unless it is one too many. False, with nothing added, when key or text should
// be ASCII and are not.
template <bool kMustBeAscii, typename Value>
[[gnu::always_inline]] inline bool AttributeSet::Put(std::string_view key, const Value& value) {
  const uint64_t filter_bits = FilterBits(key);
  if (!Admit(key, filter_bits)) return true;
  uint64_t text_bits = 0;
  const bool is_short = key.size() + value.size_hint() + 4 < 0x80;
  const char* const end =
      is_short ? WriteAttribute<OneByteLengths>(message_, tag_, key, value, &text_bits)
               : WriteAttribute<AnyLengths>(message_, tag_, key, value, &text_bits);
  if (kMustBeAscii && !base::AreAsciiBits(text_bits)) [[unlikely]]
    return false;
  message_.Commit(end);
  filter_ |= filter_bits;
  ++count_;
  return true;
}

bool AttributeSet::PutText(std::string_view key, std::string_view text) {
  return Put<true>(key, TextValue{text.substr(0, limits_.value_length)});
}

bool AttributeSet::PutVarint(std::string_view key, char tag, uint64_t value) {
  return Put<true>(key, VarintValue{tag, value});
}

void AttributeSet::Set(std::string_view key, const common::AttributeValue& value) {
  if (key.empty()) return;
  bool is_put = false;
  switch (value.index()) {
    case common::kTypeBool:
      is_put = PutVarint(key, VarintTag(otlp::kAnyValueBool), nostd::get<bool>(value));
      break;
    case common::kTypeInt:
      is_put = PutVarint(key, VarintTag(otlp::kAnyValueInt),
                         static_cast<uint64_t>(nostd::get<int32_t>(value)));
      break;
    case common::kTypeInt64:
      is_put = PutVarint(key, VarintTag(otlp::kAnyValueInt),
                         static_cast<uint64_t>(nostd::get<int64_t>(value)));
      break;
    case common::kTypeUInt:
      is_put = PutVarint(key, VarintTag(otlp::kAnyValueInt), nostd::get<uint32_t>(value));
      break;
    case common::kTypeDouble:
      is_put = Put<true>(key, DoubleValue{nostd::get<double>(value)});
      break;
    case common::kTypeCString: {
      const char* const text = nostd::get<const char*>(value);
      is_put = PutText(key, text == nullptr ? std::string_view() : std::string_view(text));
      break;
    }
    case common::kTypeString: {
      const nostd::string_view text = nostd::get<nostd::string_view>(value);
      is_put = PutText(key, {text.data(), text.size()});
      break;
    }
    default:
      break;
  }
  if (!is_put) SetUncommon(key, value);
}

// Values of all types, whose text and whose key may be anything.
void AttributeSet::SetUncommon(std::string_view key, const common::AttributeValue& value) {
  std::string clean_key;
  std::string encoded;
  EncodeAnyValue(value, limits_.value_length, encoded);
  Put<false>(base::CleanText(key, UINT32_MAX, clean_key), EncodedValue{encoded});
}

void AttributeSet::SetAll(const common::KeyValueIterable& attributes) {
  if (attributes.size() == 0) return;
  attributes.ForEachKeyValue([this](nostd::string_view key, common::AttributeValue value) {
    Set({key.data(), key.size()}, value);
    return true;
  });
}

}  // namespace spandrel::sdk
