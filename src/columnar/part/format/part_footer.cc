// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/format/part_footer.h"

#include <fmt/format.h>

#include <utility>

#include "base/crc32c.h"
#include "base/fixed.h"

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
  base::AppendFixed(file_id, &seed);
  return base::Crc32c(footer, base::Crc32c(seed));
}

bool FitsFile(const SectionRecord& section, uint64_t limit) {
  return section.offset % kPartAlignment == 0 && section.offset <= limit &&
         kSectionHeaderSize + uint64_t{section.stored_size} <= limit - section.offset;
}

bool GroupsFit(const PartFooter& footer, uint64_t limit) {
  uint64_t rows = 0;
  uint64_t traces = 0;
  for (const GroupRecord& group : footer.groups) {
    const bool fits = FitsFile(group.directory, limit) && FitsFile(group.trace_filter, limit) &&
                      FitsFile(group.value_filter, limit) && FitsFile(group.latencies, limit);
    if (!fits || group.trace_count == 0 || group.trace_count > group.row_count) return false;
    rows += group.row_count;
    traces += group.trace_count;
  }
  return rows == footer.row_count && traces == footer.trace_count && rows > 0;
}

void AppendGroup(const GroupRecord& group, std::string* bytes) {
  base::AppendFixed(group.row_count, bytes);
  base::AppendFixed(group.trace_count, bytes);
  base::AppendFixed(group.min_start, bytes);
  base::AppendFixed(group.max_start, bytes);
  base::AppendFixed(group.max_duration, bytes);
  base::AppendFixed(group.message_bytes, bytes);
  base::AppendFixed(group.directory, bytes);
  base::AppendFixed(group.trace_filter, bytes);
  base::AppendFixed(group.value_filter, bytes);
  base::AppendFixed(group.latencies, bytes);
}

constexpr size_t kGroupRecordSize = 40 + 4 * sizeof(SectionRecord);

GroupRecord TakeGroup(base::FixedReader* reader) {
  GroupRecord group;
  group.row_count = reader->Take<uint32_t>();
  group.trace_count = reader->Take<uint32_t>();
  group.min_start = reader->Take<uint64_t>();
  group.max_start = reader->Take<uint64_t>();
  group.max_duration = reader->Take<uint64_t>();
  group.message_bytes = reader->Take<uint64_t>();
  group.directory = reader->Take<SectionRecord>();
  group.trace_filter = reader->Take<SectionRecord>();
  group.value_filter = reader->Take<SectionRecord>();
  group.latencies = reader->Take<SectionRecord>();
  return group;
}

void AppendPolicy(const PolicyRecord& record, std::string* bytes) {
  base::AppendFixed(record.dropped_spans, bytes);
  base::AppendFixed(record.dropped_traces, bytes);
  base::AppendFixed(static_cast<uint32_t>(record.left_elsewhere.size()), bytes);
  for (const uint64_t hash : record.left_elsewhere) base::AppendFixed(hash, bytes);
}

PolicyRecord TakePolicy(base::FixedReader* reader) {
  PolicyRecord record;
  record.dropped_spans = reader->Take<uint64_t>();
  record.dropped_traces = reader->Take<uint64_t>();
  const auto left = reader->Take<uint32_t>();
  for (uint32_t i = 0; reader->Has(left - i, 8) && i < left; ++i) {
    record.left_elsewhere.push_back(reader->Take<uint64_t>());
  }
  return record;
}

Result<PartFooter> ReadFields(std::string_view bytes) {
  base::FixedReader reader(bytes);
  PartFooter footer;
  const auto version = reader.Take<uint32_t>();
  if (version != kPartVersion && version != kPartVersionWithoutGuard) {
    return Status(StatusCode::kFailedPrecondition,
                  fmt::format("format version {} is not known to this spandrel", version));
  }
  footer.version = version;
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
  footer.dictionary = reader.Take<SectionRecord>();
  const auto groups = reader.Take<uint32_t>();
  for (uint32_t i = 0; reader.Has(groups - i, kGroupRecordSize) && i < groups; ++i) {
    footer.groups.push_back(TakeGroup(&reader));
  }
  if (reader.done()) return footer;
  footer.policy = TakePolicy(&reader);
  if (!reader.done()) return Damaged("footer cannot be read");
  return footer;
}

}  // namespace

std::string EncodePartFooter(const PartFooter& footer) {
  std::string bytes;
  base::AppendFixed(footer.version, &bytes);
  base::AppendFixed(footer.file_id, &bytes);
  base::AppendFixed(footer.row_count, &bytes);
  base::AppendFixed(footer.trace_count, &bytes);
  base::AppendFixed(footer.min_start, &bytes);
  base::AppendFixed(footer.max_start, &bytes);
  base::AppendFixed(footer.sealed_through, &bytes);
  base::AppendFixed(static_cast<uint32_t>(footer.replaces.size()), &bytes);
  for (uint64_t number : footer.replaces) base::AppendFixed(number, &bytes);
  base::AppendFixed(footer.dictionary, &bytes);
  base::AppendFixed(static_cast<uint32_t>(footer.groups.size()), &bytes);
  for (const GroupRecord& group : footer.groups) AppendGroup(group, &bytes);
  if (footer.policy) AppendPolicy(*footer.policy, &bytes);
  const auto size = static_cast<uint32_t>(bytes.size());
  const uint32_t crc = FooterCrc(footer.file_id, bytes);
  base::AppendFixed(size, &bytes);
  base::AppendFixed(crc, &bytes);
  base::AppendFixed(footer.file_id, &bytes);
  base::AppendFixed(kPartMagic, &bytes);
  return bytes;
}

Result<PartFooter> ParsePartFooter(std::string_view file) {
  return ParsePartFooterAt(file, file.size());
}

Result<PartFooter> ParsePartFooterAt(std::string_view tail, uint64_t end) {
  if (end < kPartHeaderSize + kPartTrailerSize || tail.size() < kPartTrailerSize) {
    return Damaged("file is cut off");
  }
  base::FixedReader trailer(tail.substr(tail.size() - kPartTrailerSize));
  const auto size = trailer.Take<uint32_t>();
  const auto crc = trailer.Take<uint32_t>();
  const auto file_id = trailer.Take<uint64_t>();
  if (trailer.Take<uint64_t>() != kPartMagic) return Damaged("end mark is missing");
  const uint64_t body = end - kPartTrailerSize - kPartHeaderSize;
  if (size > body || size > tail.size() - kPartTrailerSize) return Damaged("footer size is wrong");
  const uint64_t footer_at = kPartHeaderSize + body - size;
  const std::string_view bytes = tail.substr(tail.size() - kPartTrailerSize - size, size);
  if (FooterCrc(file_id, bytes) != crc) return Damaged("footer checksum mismatch");
  Result<PartFooter> footer = ReadFields(bytes);
  if (!footer.ok()) return footer;
  if (footer->file_id != file_id || footer->row_count >= UINT32_MAX) {
    return Damaged("footer makes no sense");
  }
  if (!FitsFile(footer->dictionary, footer_at) || !GroupsFit(*footer, footer_at)) {
    return Damaged("footer does not fit the file");
  }
  return footer;
}

// Whatever looks like the end of a footer is tried. The first one counts: what mends a small part
// has a copy of all of it.
Result<FoundFooter> FindPartFooter(std::string_view file) {
  const auto found_in = [](PartFooter footer, std::string_view bytes) {
    const uint64_t size = EncodePartFooter(footer).size();
    return FoundFooter{std::move(footer), bytes.size() - size, bytes.size()};
  };
  Result<PartFooter> last = ParsePartFooter(file);
  if (last.ok()) return found_in(*std::move(last), file);
  if (last.status().code() == StatusCode::kFailedPrecondition) return last.status();
  std::string magic;
  base::AppendFixed(kPartMagic, &magic);
  for (size_t at = file.find(magic, 1); at != file.npos; at = file.find(magic, at + 1)) {
    const std::string_view bytes = file.substr(0, at + magic.size());
    Result<PartFooter> footer = ParsePartFooter(bytes);
    if (footer.ok()) return found_in(*std::move(footer), bytes);
  }
  return last.status();
}

}  // namespace spandrel::columnar
