// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/part_footer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crc32c.h"
#include "columnar/disk/fixed.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

Status Damaged(const char* what) {
  return {StatusCode::kDataLoss, what};
}

uint32_t FooterCrc(uint64_t file_id, std::string_view footer) {
  std::string seed;
  AppendFixed(file_id, &seed);
  return base::Crc32c(footer, base::Crc32c(seed));
}

// Bytes a value; 0 where the section's size does not follow from the counts.
size_t ValueSize(FrameKind kind) {
  switch (kind) {
    case FrameKind::kStart:
    case FrameKind::kEnd:
    case FrameKind::kSpanId:
    case FrameKind::kParentId:
    case FrameKind::kContentHash:
      return 8;
    case FrameKind::kName:
    case FrameKind::kScope:
    case FrameKind::kBlock:
    case FrameKind::kOffset:
    case FrameKind::kSize:
    case FrameKind::kTraceOrder:
      return 4;
    case FrameKind::kSpanKind:
    case FrameKind::kStatus:
      return 1;
    case FrameKind::kTraces:
      return sizeof(TraceRecord);
    case FrameKind::kZones:
      return sizeof(ZoneRecord);
    default:
      return 0;
  }
}

uint64_t ValueCount(const PartFooter& footer, FrameKind kind) {
  switch (kind) {
    case FrameKind::kTraces:
    case FrameKind::kTraceOrder:
      return footer.trace_count;
    case FrameKind::kZones:
      return (footer.row_count + kZoneRows - 1) / kZoneRows;
    default:
      return footer.row_count;
  }
}

bool FitsFile(const SectionRecord& section, uint64_t limit) {
  return section.offset % kPartAlignment == 0 && section.offset <= limit &&
         kFrameHeaderSize + uint64_t{section.stored_size} <= limit - section.offset;
}

bool HasRightSize(const PartFooter& footer, const SectionRecord& section) {
  const size_t value_size = ValueSize(section.kind);
  return value_size == 0 || (section.raw_size == section.stored_size &&
                             section.raw_size == ValueCount(footer, section.kind) * value_size);
}

// Every kind that a reader needs, once.
bool HasAllSections(const PartFooter& footer) {
  const auto count_of = [&](FrameKind kind) {
    return std::count_if(footer.sections.begin(), footer.sections.end(),
                         [kind](const SectionRecord& s) { return s.kind == kind; });
  };
  for (auto k = static_cast<uint32_t>(FrameKind::kBlocks); k <= 27; ++k) {
    const bool gap = k > 6 && k < 16;
    if (!gap && count_of(static_cast<FrameKind>(k)) != 1) return false;
  }
  return true;
}

Result<PartFooter> ReadFields(std::string_view bytes) {
  FixedReader reader(bytes);
  PartFooter footer;
  const auto version = reader.Take<uint32_t>();
  if (version != kPartVersion) {
    return Status(StatusCode::kFailedPrecondition,
                  fmt::format("format version {} is not known to this spandrel", version));
  }
  footer.file_id = reader.Take<uint64_t>();
  footer.row_count = reader.Take<uint64_t>();
  footer.trace_count = reader.Take<uint64_t>();
  footer.min_start = reader.Take<uint64_t>();
  footer.max_start = reader.Take<uint64_t>();
  footer.sealed_through = reader.Take<uint64_t>();
  const auto replaced = reader.Take<uint32_t>();
  for (uint32_t i = 0; reader.Has(replaced - i, 8) && i < replaced; ++i) {
    footer.replaces.push_back(reader.Take<uint64_t>());
  }
  const auto sections = reader.Take<uint32_t>();
  for (uint32_t i = 0; reader.Has(sections - i, 20) && i < sections; ++i) {
    SectionRecord section;
    section.kind = reader.Take<FrameKind>();
    section.offset = reader.Take<uint64_t>();
    section.stored_size = reader.Take<uint32_t>();
    section.raw_size = reader.Take<uint32_t>();
    footer.sections.push_back(section);
  }
  if (!reader.done()) return Damaged("footer cannot be read");
  return footer;
}

}  // namespace

std::string EncodePartFooter(const PartFooter& footer) {
  std::string bytes;
  AppendFixed(kPartVersion, &bytes);
  AppendFixed(footer.file_id, &bytes);
  AppendFixed(footer.row_count, &bytes);
  AppendFixed(footer.trace_count, &bytes);
  AppendFixed(footer.min_start, &bytes);
  AppendFixed(footer.max_start, &bytes);
  AppendFixed(footer.sealed_through, &bytes);
  AppendFixed(static_cast<uint32_t>(footer.replaces.size()), &bytes);
  for (uint64_t number : footer.replaces) AppendFixed(number, &bytes);
  AppendFixed(static_cast<uint32_t>(footer.sections.size()), &bytes);
  for (const SectionRecord& section : footer.sections) {
    AppendFixed(section.kind, &bytes);
    AppendFixed(section.offset, &bytes);
    AppendFixed(section.stored_size, &bytes);
    AppendFixed(section.raw_size, &bytes);
  }
  const auto size = static_cast<uint32_t>(bytes.size());
  const uint32_t crc = FooterCrc(footer.file_id, bytes);
  AppendFixed(size, &bytes);
  AppendFixed(crc, &bytes);
  AppendFixed(footer.file_id, &bytes);
  AppendFixed(kPartMagic, &bytes);
  return bytes;
}

Result<PartFooter> ParsePartFooter(std::string_view file) {
  if (file.size() < kPartHeaderSize + kPartTrailerSize) return Damaged("file is cut off");
  FixedReader trailer(file.substr(file.size() - kPartTrailerSize));
  const auto size = trailer.Take<uint32_t>();
  const auto crc = trailer.Take<uint32_t>();
  const auto file_id = trailer.Take<uint64_t>();
  if (trailer.Take<uint64_t>() != kPartMagic) return Damaged("end mark is missing");
  const uint64_t body = file.size() - kPartTrailerSize - kPartHeaderSize;
  if (size > body) return Damaged("footer size is wrong");
  const uint64_t footer_at = kPartHeaderSize + body - size;
  const std::string_view bytes = file.substr(footer_at, size);
  if (FooterCrc(file_id, bytes) != crc) return Damaged("footer checksum mismatch");
  Result<PartFooter> footer = ReadFields(bytes);
  if (!footer.ok()) return footer;
  if (footer->file_id != file_id || footer->row_count == 0 || footer->row_count >= UINT32_MAX ||
      footer->trace_count == 0 || footer->trace_count > footer->row_count) {
    return Damaged("footer makes no sense");
  }
  for (const SectionRecord& section : footer->sections) {
    if (!FitsFile(section, footer_at) || !HasRightSize(*footer, section)) {
      return Damaged("section lies outside the file");
    }
  }
  if (!HasAllSections(*footer)) return Damaged("section is missing");
  return footer;
}

}  // namespace spandrel::columnar
