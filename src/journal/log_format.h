// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

// Constants of a log's files; docs/formats/log.md says what they mean. Numbers on disk never
// change meaning.
namespace spandrel::journal {

inline constexpr uint64_t kLogFileMagic = 0x31474f4c444e5053;  // "SPNDLOG1"
// In files of the first version no body has a key.
inline constexpr uint32_t kLogVersionWithoutKeys = 1;
inline constexpr uint32_t kLogVersion = 2;
inline constexpr size_t kLogFileHeaderSize = 32;

// In the flags of a file's header: bytes of the file's earlier use may follow its records.
inline constexpr uint32_t kLogFileReused = 1;
// Zeros where the next record's header will be. In a reused file they tell the end of the records
// from a torn write.
inline constexpr std::string_view kLogEndMark{
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 32};

inline constexpr uint32_t kLogRecordMagic = 0x43455253;  // "SREC"
inline constexpr size_t kLogRecordHeaderSize = 32;
inline constexpr size_t kLogAlignment = 8;
// A larger body is refused by the writer and taken for damage by the reader.
inline constexpr uint64_t kMaxLogBody = uint64_t{1} << 30;
// In the size of a record's body: the body begins with a byte that is the size of a key, and the
// key. The payload follows. Without it, all of the body is payload.
inline constexpr uint32_t kLogBodyHasKey = uint32_t{1} << 31;
inline constexpr size_t kMaxLogKeySize = 255;

// The room that a record with a body of that size takes, header and padding included.
constexpr uint64_t LogRecordSize(uint64_t body_size) {
  return kLogRecordHeaderSize + (body_size + kLogAlignment - 1) / kLogAlignment * kLogAlignment;
}

}  // namespace spandrel::journal
