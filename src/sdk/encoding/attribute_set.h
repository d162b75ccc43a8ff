// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "opentelemetry/common/attribute_value.h"
#include "opentelemetry/common/key_value_iterable.h"
#include "sdk/encoding/message_buffer.h"

namespace spandrel::sdk {

struct AttributeLimits {
  uint32_t count = 128;
  uint32_t value_length = UINT32_MAX;
};

// Writes the attributes of one span, event or link as a repeated KeyValue field at the end of its
// message. A key set again replaces its older value. Not thread-safe.
class AttributeSet {
 public:
  // `tag` is the first byte of the repeated field in `message`. What `message` gets after this
  // must be length-delimited fields with tags of one byte.
  AttributeSet(char tag, AttributeLimits limits, MessageBuffer& message)
      : message_(message), begin_(message.size()), limits_(limits), tag_(tag) {}

  // Empty keys are ignored; new keys beyond the limit are counted as dropped.
  void Set(std::string_view key, const opentelemetry::common::AttributeValue& value);
  void SetAll(const opentelemetry::common::KeyValueIterable& attributes);

  // What stands before the attributes in the message has become `bytes` longer.
  void Shift(ptrdiff_t bytes) { begin_ += static_cast<size_t>(bytes); }

  uint32_t dropped() const { return dropped_; }

 private:
  template <bool kMustBeAscii, typename Value>
  bool Put(std::string_view key, const Value& value);
  bool PutText(std::string_view key, std::string_view text);
  bool PutVarint(std::string_view key, char tag, uint64_t value);
  void SetUncommon(std::string_view key, const opentelemetry::common::AttributeValue& value);
  bool Admit(std::string_view key, uint64_t filter_bits);
  bool EraseOld(std::string_view key);

  MessageBuffer& message_;
  size_t begin_;
  // Two bits for each key that is there, so that most new keys are known to be new at once.
  uint64_t filter_ = 0;
  const AttributeLimits limits_;
  uint32_t count_ = 0;
  uint32_t dropped_ = 0;
  const char tag_;
};

}  // namespace spandrel::sdk
