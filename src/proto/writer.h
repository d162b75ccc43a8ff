// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "proto/wire_format.h"

namespace spandrel::proto {

inline void AppendVarint(uint64_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

// Writes a varint at `out`, which has kMaxVarintSize bytes of room; returns the end of it.
inline char* PutVarint(uint64_t value, char* out) {
  for (; value >= 0x80; value >>= 7) *out++ = static_cast<char>(value | 0x80);
  *out++ = static_cast<char>(value);
  return out;
}

// Appends protobuf fields to a string. A nested message is opened, written and closed; messages
// close in the reverse of the order in which they were opened. Writes every field it is asked to:
// leaving out defaults is the caller's choice.
class Writer {
 public:
  explicit Writer(std::string* out) : out_(out) {}

  void Varint(uint32_t field, uint64_t value) {
    RawVarint(field << 3 | 0);
    RawVarint(value);
  }
  void Fixed64(uint32_t field, uint64_t value) {
    RawVarint(field << 3 | 1);
    RawWord(value);
  }
  void Fixed32(uint32_t field, uint32_t value) {
    RawVarint(field << 3 | 5);
    RawWord(value);
  }
  void Bytes(uint32_t field, std::string_view bytes) {
    BytesHeader(field, bytes.size());
    out_->append(bytes);
  }
  // The key and length of a field whose `size` bytes the caller appends next.
  void BytesHeader(uint32_t field, size_t size) {
    char header[2 * kMaxVarintSize];
    const char* const end = PutVarint(size, PutVarint(field << 3 | 2, header));
    out_->append(header, static_cast<size_t>(end - header));
  }

  // A number without a key: an element of a packed field.
  void RawVarint(uint64_t value) { AppendVarint(value, out_); }
  void RawFixed64(uint64_t value) { RawWord(value); }
  // Fields that are encoded already.
  void Raw(std::string_view fields) { out_->append(fields); }

  // Starts a nested message; the result goes to Close.
  [[nodiscard]] size_t Open(uint32_t field) {
    RawVarint(field << 3 | 2);
    out_->push_back('\0');
    return out_->size();
  }
  // Writes the length in front of what was written since. Moves those bytes when the length needs
  // more than the one byte kept for it.
  void Close(size_t opened_at) {
    const size_t size = out_->size() - opened_at;
    const size_t extra = VarintSize(size) - 1;
    if (extra > 0) out_->insert(opened_at, extra, '\0');
    uint64_t rest = size;
    for (size_t i = 0; i <= extra; ++i, rest >>= 7) {
      (*out_)[opened_at - 1 + i] = static_cast<char>((rest & 0x7f) | (i < extra ? 0x80 : 0));
    }
  }

 private:
  template <typename Word>
  void RawWord(Word value) {
    char bytes[sizeof(Word)];
    std::memcpy(bytes, &value, sizeof(Word));
    out_->append(bytes, sizeof(Word));
  }

  std::string* out_;
};

// A nested message from here to the end of the block: Open and Close of the writer.
class NestedMessage {
 public:
  NestedMessage(Writer& writer, uint32_t field) : writer_(writer), opened_at_(writer.Open(field)) {}
  NestedMessage(const NestedMessage&) = delete;
  NestedMessage& operator=(const NestedMessage&) = delete;
  ~NestedMessage() { writer_.Close(opened_at_); }

 private:
  Writer& writer_;
  const size_t opened_at_;
};

}  // namespace spandrel::proto
