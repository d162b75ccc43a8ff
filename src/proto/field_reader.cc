// SPDX-License-Identifier: Apache-2.0
#include "proto/field_reader.h"

namespace spandrel::proto {
namespace {

bool ReadVarint(const char** at, const char* end, uint64_t* value) {
  if (*at < end && static_cast<int8_t>(**at) >= 0) {
    *value = static_cast<uint8_t>(*(*at)++);
    return true;
  }
  return ReadLongVarint(at, end, value);
}

template <typename Word>
bool ReadFixed(const char** at, const char* end, uint64_t* value) {
  if (static_cast<size_t>(end - *at) < sizeof(Word)) return false;
  Word word;
  std::memcpy(&word, *at, sizeof(Word));
  *at += sizeof(Word);
  *value = word;
  return true;
}

bool ReadBytes(const char** at, const char* end, std::string_view* bytes) {
  uint64_t size = 0;
  if (!ReadVarint(at, end, &size) || size > static_cast<uint64_t>(end - *at)) return false;
  *bytes = {*at, static_cast<size_t>(size)};
  *at += size;
  return true;
}

bool ReadValue(const char** at, const char* end, Field* field) {
  switch (field->type) {
    case WireType::kVarint:
      return ReadVarint(at, end, &field->scalar);
    case WireType::kFixed64:
      return ReadFixed<uint64_t>(at, end, &field->scalar);
    case WireType::kFixed32:
      return ReadFixed<uint32_t>(at, end, &field->scalar);
    case WireType::kBytes:
      return ReadBytes(at, end, &field->bytes);
    default:
      return false;
  }
}

}  // namespace

bool ReadLongVarint(const char** at, const char* end, uint64_t* value) {
  uint64_t result = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    if (*at == end) return false;
    const auto byte = static_cast<uint8_t>(*(*at)++);
    result |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) {
      *value = result;
      return true;
    }
  }
  return false;
}

bool NextFieldSlow(std::string_view* message, Field* field) {
  const char* at = message->data();
  const char* const end = at + message->size();
  uint64_t key = 0;
  if (at == end || !ReadVarint(&at, end, &key)) return false;
  field->number = static_cast<uint32_t>(key >> 3);
  field->type = static_cast<WireType>(key & 7);
  if (field->number == 0 || key >> 32 != 0 || !ReadValue(&at, end, field)) return false;
  *message = {at, static_cast<size_t>(end - at)};
  return true;
}

}  // namespace spandrel::proto
