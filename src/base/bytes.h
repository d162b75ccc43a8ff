// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace spandrel::base {

// Bytes travel as std::string (owned) and std::string_view (borrowed). A buffer that several parts
// of the process hold while they read it is immutable and shared.
using SharedBytes = std::shared_ptr<const std::string>;

inline SharedBytes MakeSharedBytes(std::string bytes) {
  return std::make_shared<const std::string>(std::move(bytes));
}

// A position in a buffer that somebody else names. Buffers are at most 4 GiB.
struct ByteRange {
  uint32_t offset = 0;
  uint32_t size = 0;

  std::string_view In(std::string_view buffer) const { return buffer.substr(offset, size); }
};

}  // namespace spandrel::base
