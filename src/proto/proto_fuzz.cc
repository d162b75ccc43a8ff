// SPDX-License-Identifier: Apache-2.0
// Any bytes as a protobuf message: what the reader takes lies inside them, and written again it is
// read the same.
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "proto/field_reader.h"
#include "proto/strict_cursor.h"
#include "proto/writer.h"

namespace {

using namespace spandrel::proto;

void Write(const Field& field, Writer* writer) {
  switch (field.type) {
    case WireType::kVarint:
      return writer->Varint(field.number, field.scalar);
    case WireType::kFixed64:
      return writer->Fixed64(field.number, field.scalar);
    case WireType::kFixed32:
      return writer->Fixed32(field.number, static_cast<uint32_t>(field.scalar));
    case WireType::kBytes:
      return writer->Bytes(field.number, field.bytes);
  }
}

std::string Rewritten(std::string_view message) {
  std::string written;
  Writer writer(&written);
  Field field;
  const char* const end = message.data() + message.size();
  while (NextField(&message, &field)) {
    SPANDREL_CHECK(message.data() + message.size() == end);
    Write(field, &writer);
  }
  return written;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const std::string once = Rewritten(bytes);
  SPANDREL_CHECK(once.size() <= bytes.size());
  SPANDREL_CHECK(Rewritten(once) == once);

  // A strict varint at the front is what the writer makes of its value.
  StrictCursor cursor(bytes);
  uint64_t value = 0;
  if (cursor.TakeVarint(&value)) {
    std::string varint;
    AppendVarint(value, &varint);
    SPANDREL_CHECK(bytes.starts_with(varint) && varint.size() + cursor.left() == bytes.size());
  }
  return 0;
}
