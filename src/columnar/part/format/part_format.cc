// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/format/part_format.h"

#include "base/crc32c.h"
#include "columnar/disk/fixed.h"
#include "columnar/disk/mutant.h"

namespace spandrel::columnar {

uint32_t FrameCrc(uint64_t file_id, const SectionRecord& section, std::string_view stored) {
  std::string place;
  AppendFixed(file_id, &place);
  AppendFixed(section.offset, &place);
  AppendFixed(section.kind, &place);
  AppendFixed(section.stored_size, &place);
  AppendFixed(section.raw_size, &place);
  if (MutantIs(Mutant::kNoPartChecksum)) return 0;
  return base::Crc32c(stored, base::Crc32c(place));
}

}  // namespace spandrel::columnar
