// SPDX-License-Identifier: Apache-2.0
#include "sdk/attribute_set.h"

#include <bit>
#include <cstring>
#include <string>

#include "sdk/any_value.h"
#include "sdk/proto_writer.h"
#include "sdk/text.h"

namespace spandrel::sdk {
namespace {

namespace common = opentelemetry::common;
namespace nostd = opentelemetry::nostd;

constexpr char kKeyTag = LengthTag(1);
constexpr char kValueTag = LengthTag(2);
constexpr char kTextTag = LengthTag(1);

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

}  // namespace

void AttributeSet::Set(std::string_view key, const common::AttributeValue& value) {
  if (key.empty()) return;
  bool written = false;
  switch (value.index()) {
    case common::kTypeBool:
      written = WriteVarintValue(key, VarintTag(2), nostd::get<bool>(value));
      break;
    case common::kTypeInt:
      written =
          WriteVarintValue(key, VarintTag(3), static_cast<uint64_t>(nostd::get<int32_t>(value)));
      break;
    case common::kTypeInt64:
      written =
          WriteVarintValue(key, VarintTag(3), static_cast<uint64_t>(nostd::get<int64_t>(value)));
      break;
    case common::kTypeUInt:
      written = WriteVarintValue(key, VarintTag(3), nostd::get<uint32_t>(value));
      break;
    case common::kTypeDouble:
      written = WriteDouble(key, nostd::get<double>(value));
      break;
    case common::kTypeCString: {
      const char* const text = nostd::get<const char*>(value);
      written = WriteText(key, text == nullptr ? std::string_view() : std::string_view(text));
      break;
    }
    case common::kTypeString: {
      const nostd::string_view text = nostd::get<nostd::string_view>(value);
      written = WriteText(key, {text.data(), text.size()});
      break;
    }
    default:
      break;
  }
  if (!written) SetUncommon(key, value);
}

void AttributeSet::SetAll(const common::KeyValueIterable& attributes) {
  if (attributes.size() == 0) return;
  attributes.ForEachKeyValue([this](nostd::string_view key, common::AttributeValue value) {
    Set({key.data(), key.size()}, value);
    return true;
  });
}

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

// Writes one attribute, unless it is one too many. `write_value` writes the AnyValue's content of
// `value_size` bytes and returns the bits that occur in its text. False, with nothing written, when
// key or text are not ASCII and so have to be looked at more closely.
template <bool kCheckAscii, typename WriteValue>
inline bool AttributeSet::Write(std::string_view key, size_t value_size, WriteValue&& write_value) {
  const uint64_t filter_bits = FilterBits(key);
  if (!Admit(key, filter_bits)) return true;
  const size_t content = LengthFieldSize(key.size()) + LengthFieldSize(value_size);
  char* out = message_.Reserve(LengthFieldSize(content));
  out = WriteLengthHead(out, tag_, content);
  out = WriteLengthHead(out, kKeyTag, key.size());
  const uint64_t key_bits = CopyText(out, key);
  out = WriteLengthHead(out + key.size(), kValueTag, value_size);
  const uint64_t value_bits = write_value(out);
  if (kCheckAscii && !AreAsciiBits(key_bits | value_bits)) [[unlikely]]
    return false;
  message_.Commit(out + value_size);
  filter_ |= filter_bits;
  ++count_;
  return true;
}

bool AttributeSet::WriteText(std::string_view key, std::string_view text) {
  text = text.substr(0, limits_.value_length);
  return Write<true>(key, LengthFieldSize(text.size()), [text](char* out) {
    return CopyText(WriteLengthHead(out, kTextTag, text.size()), text);
  });
}

bool AttributeSet::WriteVarintValue(std::string_view key, char tag, uint64_t value) {
  return Write<true>(key, 1 + VarintSize(value), [tag, value](char* out) {
    *out = tag;
    WriteVarint(out + 1, value);
    return uint64_t{0};
  });
}

bool AttributeSet::WriteDouble(std::string_view key, double value) {
  return Write<true>(key, 1 + sizeof(value), [value](char* out) {
    *out = Fixed64Tag(4);
    WriteFixed64(out + 1, std::bit_cast<uint64_t>(value));
    return uint64_t{0};
  });
}

void AttributeSet::SetUncommon(std::string_view key, const common::AttributeValue& value) {
  std::string clean_key;
  std::string encoded;
  EncodeAnyValue(value, limits_.value_length, encoded);
  Write<false>(CleanText(key, UINT32_MAX, clean_key), encoded.size(), [&encoded](char* out) {
    std::memcpy(out, encoded.data(), encoded.size());
    return uint64_t{0};
  });
}

}  // namespace spandrel::sdk
