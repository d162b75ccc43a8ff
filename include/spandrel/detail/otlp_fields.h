// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "opentelemetry/nostd/string_view.h"

// Reads the protobuf messages of a request to an exporter. For spandrel/otel_exporter.h, which must
// do without a library for protobuf: it is compiled in applications.
namespace spandrel::sdk::otel_exporter_detail {

// The fields of a protobuf message one after another; anything malformed ends it.
class Fields {
 public:
  explicit Fields(std::string_view message) : rest_(message) {}

  // False at the end, or at what is malformed.
  bool Next() {
    uint64_t tag = 0;
    if (rest_.empty() || !ReadVarint(tag)) return false;
    number = static_cast<uint32_t>(tag >> 3);
    switch (tag & 7) {
      case 0:
        return ReadVarint(value);
      case 1:
        return ReadFixed(8);
      case 2:
        return ReadVarint(value) && ReadBytes();
      case 5:
        return ReadFixed(4);
      default:
        return false;
    }
  }

  uint32_t number = 0;
  uint64_t value = 0;      // of a varint or a fixed number
  std::string_view bytes;  // of a length-delimited field

 private:
  bool ReadVarint(uint64_t& result) {
    result = 0;
    for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      result |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
  bool ReadFixed(size_t size) {
    if (rest_.size() < size) return false;
    value = 0;
    for (size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(rest_[i]);
    rest_.remove_prefix(size);
    return true;
  }
  bool ReadBytes() {
    if (value > rest_.size()) return false;
    bytes = rest_.substr(0, static_cast<size_t>(value));
    rest_.remove_prefix(bytes.size());
    return true;
  }

  std::string_view rest_;
};

inline opentelemetry::nostd::string_view View(std::string_view text) {
  return {text.data(), text.size()};
}

// A protobuf double by its bits.
inline double DoubleOf(uint64_t bits) {
  double number = 0;
  std::memcpy(&number, &bits, sizeof(number));
  return number;
}

}  // namespace spandrel::sdk::otel_exporter_detail
