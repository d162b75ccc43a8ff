// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "columnar/part/format/part_footer.h"
#include "disk/file.h"

namespace spandrel::columnar {

// The file of a part: its footer, and its sections as they lie there. Opening reads the footer
// only. Any thread.
class PartFile {
 public:
  // DATA_LOSS when the footer is damaged.
  static base::Result<PartFile> Open(const std::string& path, uint64_t number);

  uint64_t number() const { return number_; }
  const std::string& path() const { return path_; }
  const PartFooter& footer() const { return footer_; }
  uint64_t size() const { return file_.bytes().size(); }
  // True once the disk failed below the map: what was read since then may be zeros.
  bool read_failed() const { return file_.failed(); }

  // The bytes of a section as they are stored; its place and checksum are right.
  base::Result<std::string_view> CheckedSection(const SectionRecord& section) const;
  // The same, decompressed where it is compressed.
  base::Result<std::string> ReadSection(const SectionRecord& section) const;
  // The bytes of a section that was checked before.
  std::string_view UncheckedSection(const SectionRecord& section) const;

  // Gives the pages that were read back to the kernel, which keeps them as cache.
  void ReleasePages() const { file_.ReleasePages(); }

 private:
  PartFile(std::string path, uint64_t number, disk::MappedFile file, PartFooter footer);

  std::string path_;
  uint64_t number_ = 0;
  disk::MappedFile file_;
  PartFooter footer_;
};

}  // namespace spandrel::columnar
