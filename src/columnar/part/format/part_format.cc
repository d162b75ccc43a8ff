// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/format/part_format.h"

#include "base/crc32c.h"
#include "base/fixed.h"
#include "disk/mutant.h"

namespace spandrel::columnar {

uint32_t SectionCrc(uint64_t file_id, const SectionRecord& section, std::string_view stored) {
  std::string place;
  base::AppendFixed(file_id, &place);
  base::AppendFixed(section.offset, &place);
  base::AppendFixed(section.kind, &place);
  base::AppendFixed(section.stored_size, &place);
  base::AppendFixed(section.raw_size, &place);
  if (disk::MutantIs(disk::Mutant::kNoPartChecksum)) return 0;
  return base::Crc32c(stored, base::Crc32c(place));
}

}  // namespace spandrel::columnar
