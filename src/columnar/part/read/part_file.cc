// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/read/part_file.h"

#include <fmt/format.h>
#include <zstd.h>

#include <utility>

#include "base/fixed.h"
#include "columns/zstd_block.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

Result<std::string> Decompress(std::string_view stored, uint32_t raw_size) {
  const Status damaged(StatusCode::kDataLoss, "compressed bytes cannot be read");
  // Damaged sizes ask for no memory that the bytes do not account for.
  if (ZSTD_getFrameContentSize(stored.data(), stored.size()) != raw_size) return damaged;
  std::string raw(raw_size, '\0');
  if (!columns::ReadZstdBlock(stored, raw.data(), raw.size())) return damaged;
  return raw;
}

}  // namespace

Result<PartFile> PartFile::Open(const std::string& path, uint64_t number) {
  Result<disk::MappedFile> file = disk::MappedFile::Open(path);
  if (!file.ok()) return file.status();
  Result<PartFooter> footer = ParsePartFooter(file->bytes());
  if (!footer.ok()) return footer.status().Annotate(path);
  return PartFile(path, number, *std::move(file), *std::move(footer));
}

PartFile::PartFile(std::string path, uint64_t number, disk::MappedFile file, PartFooter footer)
    : path_(std::move(path)), number_(number), file_(std::move(file)), footer_(std::move(footer)) {}

Result<std::string_view> PartFile::CheckedSection(const SectionRecord& section) const {
  const std::string_view file = file_.bytes();
  const bool fits =
      section.offset <= file.size() &&
      kSectionHeaderSize + uint64_t{section.stored_size} <= file.size() - section.offset;
  if (fits) {
    const std::string_view stored = UncheckedSection(section);
    base::FixedReader header(file.substr(section.offset, kSectionHeaderSize));
    if (header.Take<uint32_t>() == SectionCrc(footer_.file_id, section, stored)) return stored;
  }
  return Status(StatusCode::kDataLoss,
                fmt::format("part {}: checksum mismatch at {}", number_, section.offset));
}

Result<std::string> PartFile::ReadSection(const SectionRecord& section) const {
  const Result<std::string_view> stored = CheckedSection(section);
  if (!stored.ok()) return stored.status();
  if (section.raw_size == section.stored_size) return std::string(*stored);
  return Decompress(*stored, section.raw_size);
}

std::string_view PartFile::UncheckedSection(const SectionRecord& section) const {
  return file_.bytes().substr(section.offset + kSectionHeaderSize, section.stored_size);
}

}  // namespace spandrel::columnar
