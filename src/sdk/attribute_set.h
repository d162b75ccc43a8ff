// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "opentelemetry/common/attribute_value.h"
#include "opentelemetry/common/key_value_iterable.h"
#include "sdk/small_array.h"

namespace spandrel::sdk {

struct AttributeLimits {
  uint32_t count = 128;
  uint32_t value_length = UINT32_MAX;
};

// Attributes of one span, event or link, kept as the bytes of their repeated KeyValue field. A key
// set again replaces its older value. Not thread-safe.
class AttributeSet {
 public:
  // `tag` is the first byte of the repeated field in the message the attributes belong to.
  AttributeSet(char tag, AttributeLimits limits) : tag_(tag), limits_(limits) {}

  // Empty keys are ignored; new keys beyond the limit are counted as dropped.
  void Set(std::string_view key, const opentelemetry::common::AttributeValue& value);
  void SetAll(const opentelemetry::common::KeyValueIterable& attributes);

  std::string_view bytes() const { return {bytes_.data(), bytes_.size()}; }
  uint32_t dropped() const { return dropped_; }

 private:
  struct Entry {
    uint32_t hash;
    uint32_t begin;  // of the whole field
    uint32_t key_begin;
    uint32_t key_size;
  };
  static constexpr size_t kInlineBytes = 512;
  static constexpr size_t kInlineEntries = 16;

  const Entry* Find(std::string_view key, uint32_t hash) const;
  void Erase(const Entry* entry);
  // The common path holds no std::string, which would cost more than the rest of it.
  void SetClean(std::string_view key, const opentelemetry::common::AttributeValue& value);
  void SetWithCleanKey(std::string_view key, const opentelemetry::common::AttributeValue& value);
  void AppendText(std::string_view key, uint32_t hash, std::string_view text);
  void AppendCleanText(std::string_view key, uint32_t hash, std::string_view text);
  void AppendUncleanText(std::string_view key, uint32_t hash, std::string_view text);
  void AppendVarint(std::string_view key, uint32_t hash, char value_tag, uint64_t value);
  void AppendDouble(std::string_view key, uint32_t hash, double value);
  void AppendUncommon(std::string_view key, uint32_t hash,
                      const opentelemetry::common::AttributeValue& value);
  char* AppendKey(std::string_view key, uint32_t hash, size_t any_value_size);

  const char tag_;
  const AttributeLimits limits_;
  uint32_t dropped_ = 0;
  SmallArray<char, kInlineBytes> bytes_;
  SmallArray<Entry, kInlineEntries> entries_;
};

}  // namespace spandrel::sdk
