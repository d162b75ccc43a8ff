// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "span/ids.h"

// Constants and records of a part file; docs/formats/part.md says what they mean. Numbers on disk
// never change meaning.
namespace spandrel::columnar {

inline constexpr uint64_t kPartMagic = 0x3154524150445053;  // "SPDPART1"
inline constexpr uint32_t kPartVersion = 1;
inline constexpr size_t kPartHeaderSize = 16;   // magic, file id
inline constexpr size_t kPartTrailerSize = 24;  // footer size, crc, file id, magic
inline constexpr size_t kPartAlignment = 8;
inline constexpr size_t kFrameHeaderSize = 16;  // crc, kind, stored size, raw size

// A payload block is closed when its messages reach this.
inline constexpr size_t kPartBlockBytes = 256 * 1024;
// Rows of one zone, the unit of pruning by time.
inline constexpr uint32_t kZoneRows = 4096;

// What a frame holds.
enum class FrameKind : uint32_t {
  kPayload = 0,     // span messages one after the other, zstd
  kBlocks = 1,      // BlockRecord each
  kZones = 2,       // ZoneRecord each
  kTraces = 3,      // TraceRecord each, by earliest start
  kTraceOrder = 4,  // u32 each: positions in kTraces by trace id
  kTraceFilter = 5,
  kDictionary = 6,  // resources, scopes, names, operations; zstd
  // One value a row.
  kStart = 16,        // u64
  kEnd = 17,          // u64
  kSpanId = 18,       // 8 bytes
  kParentId = 19,     // 8 bytes
  kContentHash = 20,  // u64
  kName = 21,         // u32
  kScope = 22,        // u32
  kBlock = 23,        // u32
  kOffset = 24,       // u32, in the block
  kSize = 25,         // u32
  kSpanKind = 26,     // u8
  kStatus = 27,       // u8
};

// Where a payload block lies.
struct BlockRecord {
  uint64_t offset = 0;
  uint32_t stored_size = 0;
  uint32_t raw_size = 0;
};

struct ZoneRecord {
  uint64_t min_start = 0;
  uint64_t max_start = 0;
};

// A trace in this part: its rows lie together, by start time.
struct TraceRecord {
  span::TraceId id;
  uint64_t min_start = 0;
  uint64_t max_end = 0;
  uint32_t first_row = 0;
  uint32_t row_count = 0;
  uint32_t error_count = 0;
  uint32_t reserved = 0;
};
static_assert(sizeof(TraceRecord) == 48);

// The checksum of a frame also covers where it should be, so that bytes of another place or another
// file do not pass.
uint32_t FrameCrc(uint64_t file_id, uint64_t offset, FrameKind kind, uint32_t stored_size,
                  uint32_t raw_size, std::string_view stored);

}  // namespace spandrel::columnar
