// SPDX-License-Identifier: Apache-2.0
#include "sdk/attribute_set.h"

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

// Tells most keys of one span apart; equal hashes are compared in full.
uint32_t HashKey(std::string_view key) {
  uint64_t head = 0;
  uint64_t tail = 0;
  if (key.size() >= 8) {
    std::memcpy(&head, key.data(), 8);
    std::memcpy(&tail, key.data() + key.size() - 8, 8);
  } else {
    for (const char c : key) head = head << 8 | static_cast<uint8_t>(c);
  }
  const uint64_t mixed = (head ^ (tail * 0x9E3779B97F4A7C15u) ^ key.size()) * 0xD6E8FEB86659FD93u;
  return static_cast<uint32_t>(mixed >> 32);
}

}  // namespace

const AttributeSet::Entry* AttributeSet::Find(std::string_view key, uint32_t hash) const {
  for (size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    if (entry.hash != hash || entry.key_size != key.size()) continue;
    if (std::memcmp(bytes_.data() + entry.key_begin, key.data(), key.size()) == 0) return &entry;
  }
  return nullptr;
}

void AttributeSet::Erase(const Entry* entry) {
  const size_t index = static_cast<size_t>(entry - entries_.data());
  const uint32_t begin = entry->begin;
  const uint32_t end = index + 1 < entries_.size() ? entries_[index + 1].begin
                                                   : static_cast<uint32_t>(bytes_.size());
  const uint32_t size = end - begin;
  bytes_.Erase(begin, size);
  entries_.Erase(index, 1);
  for (size_t i = index; i < entries_.size(); ++i) {
    entries_[i].begin -= size;
    entries_[i].key_begin -= size;
  }
}

inline void AttributeSet::SetClean(std::string_view key, const common::AttributeValue& value) {
  const uint32_t hash = HashKey(key);
  if (const Entry* old = Find(key, hash)) {
    Erase(old);
  } else if (entries_.size() >= limits_.count) {
    ++dropped_;
    return;
  }
  switch (value.index()) {
    case common::kTypeBool:
      return AppendVarint(key, hash, VarintTag(2), nostd::get<bool>(value));
    case common::kTypeInt:
      return AppendVarint(key, hash, VarintTag(3),
                          static_cast<uint64_t>(nostd::get<int32_t>(value)));
    case common::kTypeInt64:
      return AppendVarint(key, hash, VarintTag(3),
                          static_cast<uint64_t>(nostd::get<int64_t>(value)));
    case common::kTypeUInt:
      return AppendVarint(key, hash, VarintTag(3), nostd::get<uint32_t>(value));
    case common::kTypeDouble:
      return AppendDouble(key, hash, nostd::get<double>(value));
    case common::kTypeCString: {
      const char* text = nostd::get<const char*>(value);
      return AppendText(key, hash, text == nullptr ? std::string_view() : std::string_view(text));
    }
    case common::kTypeString: {
      const nostd::string_view text = nostd::get<nostd::string_view>(value);
      return AppendText(key, hash, {text.data(), text.size()});
    }
    default:
      return AppendUncommon(key, hash, value);
  }
}

void AttributeSet::Set(std::string_view key, const common::AttributeValue& value) {
  if (key.empty()) return;
  if (!IsAscii(key)) [[unlikely]]
    return SetWithCleanKey(key, value);
  SetClean(key, value);
}

void AttributeSet::SetWithCleanKey(std::string_view key, const common::AttributeValue& value) {
  std::string scratch;
  SetClean(CleanUtf8(key, UINT32_MAX, scratch), value);
}

void AttributeSet::SetAll(const common::KeyValueIterable& attributes) {
  attributes.ForEachKeyValue([this](nostd::string_view key, common::AttributeValue value) {
    Set({key.data(), key.size()}, value);
    return true;
  });
}

char* AttributeSet::AppendKey(std::string_view key, uint32_t hash, size_t any_value_size) {
  const size_t content = LengthFieldSize(key.size()) + LengthFieldSize(any_value_size);
  const size_t begin = bytes_.size();
  char* out = bytes_.Extend(LengthFieldSize(content));
  out = WriteLengthHead(out, tag_, content);
  out = WriteLengthHead(out, kKeyTag, key.size());
  *entries_.Extend(1) = {hash, static_cast<uint32_t>(begin),
                         static_cast<uint32_t>(out - bytes_.data()),
                         static_cast<uint32_t>(key.size())};
  out = WriteRaw(out, key);
  return WriteLengthHead(out, kValueTag, any_value_size);
}

void AttributeSet::AppendText(std::string_view key, uint32_t hash, std::string_view text) {
  if (!IsAscii(text)) [[unlikely]]
    return AppendUncleanText(key, hash, text);
  AppendCleanText(key, hash, text.substr(0, limits_.value_length));
}

void AttributeSet::AppendUncleanText(std::string_view key, uint32_t hash, std::string_view text) {
  std::string scratch;
  AppendCleanText(key, hash, CleanUtf8(text, limits_.value_length, scratch));
}

inline void AttributeSet::AppendCleanText(std::string_view key, uint32_t hash,
                                          std::string_view text) {
  char* out = AppendKey(key, hash, LengthFieldSize(text.size()));
  WriteLengthField(out, LengthTag(1), text);
}

void AttributeSet::AppendVarint(std::string_view key, uint32_t hash, char value_tag,
                                uint64_t value) {
  char* out = AppendKey(key, hash, 1 + VarintSize(value));
  *out++ = value_tag;
  WriteVarint(out, value);
}

void AttributeSet::AppendDouble(std::string_view key, uint32_t hash, double value) {
  char* out = AppendKey(key, hash, 1 + sizeof(double));
  *out++ = Fixed64Tag(4);
  WriteFixed64(out, std::bit_cast<uint64_t>(value));
}

void AttributeSet::AppendUncommon(std::string_view key, uint32_t hash,
                                  const common::AttributeValue& value) {
  std::string encoded;
  EncodeUncommonValue(value, limits_.value_length, encoded);
  WriteRaw(AppendKey(key, hash, encoded.size()), encoded);
}

}  // namespace spandrel::sdk
