// SPDX-License-Identifier: Apache-2.0
#include "base/check.h"
#include "base/crc32c.h"
#include "base/fixed.h"
#include "columnar/part/format/dictionary.h"
#include "columnar/part/format/part_footer.h"
#include "columnar/part/read/salvage_footer.h"

namespace {

void CheckInside(const spandrel::columnar::SectionRecord& section, size_t file_size) {
  SPANDREL_CHECK(section.offset + spandrel::columnar::kSectionHeaderSize + section.stored_size <=
                 file_size);
}

}  // namespace

// Whatever parses encodes to the same bytes; sections lie inside the file. The input is taken as a
// footer with a right checksum, since the fuzzer would hardly find one, and as a dictionary.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace spandrel;
  using namespace spandrel::columnar;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  uint64_t file_id = 0;
  if (size >= 12) std::memcpy(&file_id, data + 4, sizeof(file_id));
  std::string seed;
  base::AppendFixed(file_id, &seed);
  std::string file(kPartHeaderSize + 65536, '\0');
  file += input;
  base::AppendFixed(static_cast<uint32_t>(size), &file);
  base::AppendFixed(spandrel::base::Crc32c(input, spandrel::base::Crc32c(seed)), &file);
  base::AppendFixed(file_id, &file);
  base::AppendFixed(kPartMagic, &file);
  const auto footer = ParsePartFooter(file);
  if (footer.ok()) {
    SPANDREL_CHECK(file.ends_with(EncodePartFooter(*footer)));
    CheckInside(footer->dictionary, file.size());
    for (const GroupRecord& group : footer->groups) {
      CheckInside(group.directory, file.size());
      CheckInside(group.trace_filter, file.size());
      CheckInside(group.value_filter, file.size());
      CheckInside(group.latencies, file.size());
    }
  }
  (void)ParsePartFooter(input).ok();
  // Of one in sixteen: it tries many sizes.
  if (size % 16 == 0) {
    const auto salvaged = SalvagePartFooter(input);
    if (salvaged.ok()) SPANDREL_CHECK(!salvaged->footer.groups.empty());
  }
  const auto dictionary = ParseDictionary(input);
  if (dictionary.ok()) SPANDREL_CHECK(ParseDictionary(EncodeDictionary(*dictionary)).ok());
  return 0;
}
