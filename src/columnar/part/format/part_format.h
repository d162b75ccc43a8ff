// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "span/ids.h"

// Constants and records of a part file; docs/formats/part.md says what they mean. Numbers on disk
// never change meaning.
namespace spandrel::columnar {

inline constexpr uint64_t kPartMagic = 0x3254524150445053;  // "SPDPART2"
inline constexpr uint32_t kPartVersion = 4;
inline constexpr uint32_t kPartVersionWithoutGuard = 3;
inline constexpr size_t kPartHeaderSize = 16;   // magic, file id
inline constexpr size_t kPartTrailerSize = 24;  // footer size, crc, file id, magic
inline constexpr size_t kPartAlignment = 8;
inline constexpr size_t kSectionHeaderSize = 16;  // crc, kind, stored size, raw size

// Rows of a row group, at most, but for a trace that is larger by itself.
inline constexpr uint32_t kGroupRows = 128 * 1024;
// Rows of one zone: how far a reader walks to find a row's cells.
inline constexpr uint32_t kZoneRows = 4096;

// What a section holds. A section whose raw size is not its stored size is compressed with zstd.
enum class SectionKind : uint32_t {
  kDictionary = 1,  // of the part: resources, scopes, names, operations
  kDirectory = 2,   // SectionRecord each: the other sections of a row group

  // Of a row group.
  kTemplates = 8,
  kTraceIds = 9,         // 16 bytes a trace, in order
  kTraceRows = 10,       // packed: rows of each trace
  kTraceStarts = 11,     // packed: earliest start
  kTraceDurations = 12,  // packed: latest end less earliest start
  kTraceErrors = 13,     // packed: rows with status error
  kTemplateOf = 16,      // packed: template of each row
  kSpanIds = 17,         // 8 bytes a row
  kParents = 18,         // packed: see ParentCode
  kForeignParents = 19,  // 8 bytes each: parents that are not in the row group's trace
  kStarts = 20,          // packed: start less the trace's earliest start
  kDurations = 21,       // packed: end less start, modulo 2^64
  kZoneStarts = 22,   // packed: of each zone, cells before it in each column and in kForeignParents
  kTraceFilter = 24,  // Bloom filter of trace ids
  kValueFilter = 25,  // Bloom filter of attributes
  kLatencies = 26,    // latency histograms
  kTraceWeights = 27,  // packed: how many traces each stands for; only where some weight is not 1
  kFirstColumn = 64,   // and on: the cells of a column
};

// How a row's parent is kept: 0 none, 1 the next of kForeignParents, else 2 + zigzag of the rows
// from the parent to the row.
inline constexpr uint64_t kNoParent = 0;
inline constexpr uint64_t kForeignParent = 1;
inline constexpr uint64_t kFirstParentCode = 2;

// Where a section lies.
struct SectionRecord {
  SectionKind kind = SectionKind::kDictionary;
  uint32_t stored_size = 0;
  uint32_t raw_size = 0;
  uint32_t reserved = 0;
  uint64_t offset = 0;  // of the section
};
static_assert(sizeof(SectionRecord) == 24);

// The checksum of a section also covers where it should be, so that bytes of another place or
// another file do not pass.
uint32_t SectionCrc(uint64_t file_id, const SectionRecord& section, std::string_view stored);

}  // namespace spandrel::columnar
