// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "columnar/part/format/part_footer.h"
#include "columnar/part/format/part_guard.h"
#include "disk/file.h"

namespace spandrel::columnar {

// The file of a part: its footer, and its sections as they lie there. Opening reads the footer
// only. What is damaged is mended with the guard of the file, as far as that can be: readers see it
// as it was written. Any thread.
class PartFile {
 public:
  // DATA_LOSS when both footers are damaged and none can be made again.
  static base::Result<PartFile> Open(const std::string& path, uint64_t number);
  PartFile(PartFile&& other) noexcept;
  ~PartFile();

  uint64_t number() const { return number_; }
  const std::string& path() const { return path_; }
  const PartFooter& footer() const { return found_.footer; }
  uint64_t size() const { return file_.bytes().size(); }
  // Whether the footer had to be made again (salvage_footer.h), and about how many spans are in no
  // row group of it.
  bool is_rebuilt() const { return found_.is_rebuilt; }
  uint64_t lost_spans() const { return found_.lost_spans; }
  // True once the disk failed below the map: what was read since then may be zeros.
  bool read_failed() const { return file_.failed(); }

  // The bytes of a section as they are stored; its place and checksum are right. They live as long
  // as the file.
  base::Result<std::string_view> CheckedSection(const SectionRecord& section) const;
  // The same, decompressed where it is compressed.
  base::Result<std::string> ReadSection(const SectionRecord& section) const;
  // The bytes of a section that was checked before.
  std::string_view UncheckedSection(const SectionRecord& section) const;

  // Checks every page, and mends what it can; whether the guard is whole, or there is none to be.
  bool CheckGuard() const;
  // The pages that had to be mended and differ from those in the file; the copy of the footer at
  // the end may be one of them.
  struct MendedPage {
    uint64_t offset = 0;
    std::string bytes;
  };
  std::vector<MendedPage> mended_pages() const;
  // They are in the file now.
  void ForgetMendedPages() const;
  // Looks at up to `count` pages from `first` on, and mends what it can. Of a file without a guard
  // there are none.
  struct CheckedPages {
    size_t looked_at = 0;     // 0: there are no more
    bool is_damaged = false;  // some of them could not be mended
  };
  CheckedPages CheckPages(size_t first, size_t count) const;

  // Gives the pages that were read back to the kernel, which keeps them as cache.
  void ReleasePages() const { file_.ReleasePages(0, size()); }
  void ReleasePages(uint64_t offset, uint64_t bytes) const { file_.ReleasePages(offset, bytes); }

 private:
  PartFile(std::string path, uint64_t number, disk::MappedFile file, FoundFooter found);

  std::optional<PartGuard> Guard() const;
  void MendFooters() const;
  base::Result<std::string_view> MendSection(const SectionRecord& section) const;
  std::optional<std::string> MendPages(const PartGuard& guard, uint64_t begin, uint64_t end) const;
  std::optional<std::string> MendPage(const PartGuard& guard, size_t page) const;

  std::string path_;
  uint64_t number_ = 0;
  disk::MappedFile file_;
  FoundFooter found_;
  struct Mended;
  std::unique_ptr<Mended> mended_;
};

}  // namespace spandrel::columnar
