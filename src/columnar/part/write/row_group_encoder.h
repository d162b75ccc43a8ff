// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/part/format/part_format.h"
#include "columnar/part/write/row_group_builder.h"

namespace spandrel::columnar {

// A section of a row group before it has a place in a file.
struct EncodedSection {
  SectionKind kind = SectionKind::kTemplates;
  std::string bytes;
  uint32_t raw_size = 0;  // differs from the bytes' size when they are compressed
};

struct EncodedRowGroup {
  uint32_t row_count = 0;
  uint32_t trace_count = 0;
  uint64_t min_start = UINT64_MAX;
  uint64_t max_start = 0;
  uint64_t max_duration = 0;
  uint64_t message_bytes = 0;
  std::vector<EncodedSection> sections;
};

// A section under zstd, or as it is where that is not smaller.
EncodedSection CompressedSection(SectionKind kind, std::string_view bytes, int level);

// How much time sealing may take: kFast while spans come in, kSmall when parts are merged.
enum class Effort { kFast, kSmall };

// Makes the sections of what `builder` holds, which is not empty.
EncodedRowGroup EncodeRowGroup(const RowGroupBuilder& builder, Effort effort);

}  // namespace spandrel::columnar
