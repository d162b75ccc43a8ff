// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace spandrel::journal {

// A byte of a log file that should be another one.
struct WrongByte {
  uint64_t offset = 0;
  char right = 0;
};

// The one wrong bit of a file's header that explains its checksum.
std::optional<WrongByte> FindFlipInFileHeader(std::string_view file);

// The one wrong bit of what should be a record of that epoch at `offset`: in its header, or in its
// body when the header is right. A body of which a write was cut off looks as if it had one in less
// than one of a thousand cases; nothing else does.
struct RecordFlip {
  WrongByte byte;
  bool is_in_body = false;
};
std::optional<RecordFlip> FindFlipInRecord(std::string_view file, uint64_t offset, uint64_t epoch);

}  // namespace spandrel::journal
