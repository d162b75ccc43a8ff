// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/read/salvage_footer.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/fixed.h"
#include "columnar/part/format/part_guard.h"
#include "columnar/part/format/stripe_mender.h"
#include "columns/packed_ints.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

constexpr uint64_t kStripeBytes = kGuardStripePages * kGuardPageBytes;
// More sections than columns may be, and the others.
constexpr size_t kMaxSections = 4096;
// A message as it was sent takes about so many times what its columns take.
constexpr uint64_t kMessageBytesPerStored = 12;

uint64_t EndOf(const SectionRecord& section) {
  const uint64_t end = section.offset + kSectionHeaderSize + section.stored_size;
  return (end + kPartAlignment - 1) / kPartAlignment * kPartAlignment;
}

// A file as its guard mends it; where that cannot be, as it is.
class BestBytes {
 public:
  BestBytes(std::string_view file, const std::optional<PartGuard>& guard)
      : file_(file), guard_(guard) {}

  uint64_t size() const { return guard_ ? guard_->covered_bytes() : file_.size(); }

  std::string Read(uint64_t begin, uint64_t end) {
    std::string bytes(file_.substr(begin, end - begin));
    if (!guard_) return bytes;
    const size_t last = (end - 1) / kGuardPageBytes;
    for (size_t page = begin / kGuardPageBytes; page <= last && page < guard_->page_count();
         ++page) {
      if (guard_->IsIntact(page)) continue;
      const auto& mended = MendedIn(page / kGuardStripePages);
      const auto found = mended.find(page);
      if (found != mended.end()) Replace(page, found->second, begin, &bytes);
    }
    return bytes;
  }

 private:
  // What `bytes`, which begin at `begin` in the file, have of the page.
  static void Replace(size_t page, std::string_view mended, uint64_t begin, std::string* bytes) {
    const uint64_t at = page * kGuardPageBytes;
    const uint64_t from = std::max(at, begin);
    const uint64_t to = std::min(at + mended.size(), begin + bytes->size());
    bytes->replace(from - begin, to - from, mended.substr(from - at, to - from));
  }

  // Of the stripe that was asked for last.
  const std::map<size_t, std::string>& MendedIn(size_t stripe) {
    if (stripe != stripe_) mended_ = StripeMender(*guard_, stripe).Mend().mended;
    stripe_ = stripe;
    return mended_;
  }

  const std::string_view file_;
  const std::optional<PartGuard>& guard_;
  std::optional<size_t> stripe_;
  std::map<size_t, std::string> mended_;
};

// Finds the row groups and the dictionary of a file by their checksums.
class SectionSearch {
 public:
  SectionSearch(BestBytes& bytes, uint64_t file_id) : bytes_(bytes), file_id_(file_id) {}

  void Run() {
    for (uint64_t begin = kPartHeaderSize; begin < bytes_.size(); begin += kStripeBytes) {
      const uint64_t end = std::min(begin + kStripeBytes + kSectionHeaderSize, bytes_.size());
      SearchIn(bytes_.Read(begin, end), begin);
    }
  }

  bool found_anything() const { return dictionary_.has_value() && !footer_.groups.empty(); }

  FoundFooter MakeFooter() && {
    FoundFooter found;
    found.lost_spans = CountLost();
    footer_.file_id = file_id_;
    footer_.dictionary = *dictionary_;
    found.footer = std::move(footer_);
    found.is_rebuilt = true;
    return found;
  }

 private:
  void SearchIn(const std::string& window, uint64_t begin) {
    for (uint64_t at = 0; at + kSectionHeaderSize <= window.size() && at < kStripeBytes;
         at += kPartAlignment) {
      base::FixedReader header(std::string_view(window).substr(at, kSectionHeaderSize));
      (void)header.Take<uint32_t>();  // its checksum
      SectionRecord section;
      section.kind = header.Take<SectionKind>();
      section.stored_size = header.Take<uint32_t>();
      section.raw_size = header.Take<uint32_t>();
      section.offset = begin + at;
      if (section.kind == SectionKind::kDirectory) TryDirectory(section);
      if (section.kind == SectionKind::kDictionary && ReadChecked(section)) AddDictionary(section);
    }
  }

  void AddDictionary(const SectionRecord& section) {
    dictionary_ = section;
    Cover(section);
  }

  void TryDirectory(const SectionRecord& section) {
    const bool may_be = section.stored_size == section.raw_size &&
                        section.stored_size % sizeof(SectionRecord) == 0 &&
                        section.stored_size <= kMaxSections * sizeof(SectionRecord);
    if (!may_be) return;
    const std::optional<std::string> bytes = ReadChecked(section);
    if (!bytes) return;
    std::vector<SectionRecord> sections(bytes->size() / sizeof(SectionRecord));
    if (!bytes->empty()) std::memcpy(sections.data(), bytes->data(), bytes->size());
    AddGroup(section, sections);
    Cover(section);
    for (const SectionRecord& one : sections) Cover(one);
  }

  // A row group whose times cannot be read has nothing that can.
  void AddGroup(const SectionRecord& directory, const std::vector<SectionRecord>& sections) {
    GroupRecord group;
    group.directory = directory;
    std::map<SectionKind, SectionRecord> by_kind;
    uint64_t stored_bytes = 0;
    for (const SectionRecord& section : sections) {
      by_kind[section.kind] = section;
      stored_bytes += section.stored_size;
    }
    group.row_count = by_kind[SectionKind::kSpanIds].stored_size / sizeof(span::SpanId);
    group.trace_count = by_kind[SectionKind::kTraceIds].stored_size / sizeof(span::TraceId);
    group.trace_filter = by_kind[SectionKind::kTraceFilter];
    group.value_filter = by_kind[SectionKind::kValueFilter];
    group.latencies = by_kind[SectionKind::kLatencies];
    group.message_bytes = stored_bytes * kMessageBytesPerStored;
    const bool has_times = ReadTimes(by_kind, &group);
    if (!has_times || group.trace_count == 0 || group.trace_count > group.row_count) {
      lost_ += group.row_count;
      return;
    }
    if (by_kind.contains(SectionKind::kTraceWeights)) footer_.policy.emplace();
    Add(group);
  }

  void Add(const GroupRecord& group) {
    footer_.row_count += group.row_count;
    footer_.trace_count += group.trace_count;
    footer_.min_start = std::min(footer_.min_start, group.min_start);
    footer_.max_start = std::max(footer_.max_start, group.max_start);
    footer_.groups.push_back(group);
  }

  bool ReadTimes(const std::map<SectionKind, SectionRecord>& by_kind, GroupRecord* group) {
    const auto trace_starts = PackedOf(by_kind, SectionKind::kTraceStarts);
    const auto starts = PackedOf(by_kind, SectionKind::kStarts);
    const auto durations = PackedOf(by_kind, SectionKind::kDurations);
    if (!trace_starts || !starts || !durations) return false;
    group->min_start = trace_starts->min;
    // No span starts later.
    group->max_start =
        starts->max > UINT64_MAX - trace_starts->max ? UINT64_MAX : trace_starts->max + starts->max;
    group->max_duration = durations->max;
    return true;
  }

  struct Bounds {
    uint64_t min = 0;
    uint64_t max = 0;
  };
  std::optional<Bounds> PackedOf(const std::map<SectionKind, SectionRecord>& by_kind,
                                 SectionKind kind) {
    const auto section = by_kind.find(kind);
    if (section == by_kind.end()) return std::nullopt;
    const std::optional<std::string> bytes = ReadChecked(section->second);
    if (!bytes) return std::nullopt;
    const auto packed = columns::PackedInts::Parse(*bytes);
    if (!packed.ok()) return std::nullopt;
    return Bounds{packed->min(), packed->max()};
  }

  std::optional<std::string> ReadChecked(const SectionRecord& section) {
    const uint64_t end = section.offset + kSectionHeaderSize + section.stored_size;
    if (section.offset >= bytes_.size() || end > bytes_.size()) return std::nullopt;
    std::string bytes = bytes_.Read(section.offset, end);
    base::FixedReader header(bytes);
    const auto crc = header.Take<uint32_t>();
    bytes.erase(0, kSectionHeaderSize);
    if (crc != SectionCrc(file_id_, section, bytes)) return std::nullopt;
    return bytes;
  }

  void Cover(const SectionRecord& section) { covered_[section.offset] = EndOf(section); }

  // What lies between the sections was a row group too.
  uint64_t CountLost() const {
    uint64_t at = kPartHeaderSize;
    uint64_t gaps = 0;
    for (const auto& [begin, end] : covered_) {
      gaps += begin > at ? begin - at : 0;
      at = std::max(at, end);
    }
    if (gaps == 0) return lost_;
    const double by_byte =
        static_cast<double>(footer_.row_count) / static_cast<double>(std::max(at - gaps, gaps));
    return lost_ +
           std::max<uint64_t>(1, static_cast<uint64_t>(by_byte * static_cast<double>(gaps)));
  }

  BestBytes& bytes_;
  const uint64_t file_id_;
  PartFooter footer_;
  std::optional<SectionRecord> dictionary_;
  std::map<uint64_t, uint64_t> covered_;  // where sections begin and end
  uint64_t lost_ = 0;                     // spans
};

// The one at the front of the file and the one at its end.
std::vector<uint64_t> FileIds(BestBytes& bytes, std::string_view file) {
  std::vector<uint64_t> ids;
  const std::string front = bytes.Read(0, kPartHeaderSize);
  base::FixedReader reader(front);
  (void)reader.Take<uint64_t>();  // magic
  ids.push_back(reader.Take<uint64_t>());
  base::FixedReader trailer(file.substr(file.size() - kPartTrailerSize));
  (void)trailer.Take<uint64_t>();  // footer size, checksum
  ids.push_back(trailer.Take<uint64_t>());
  return ids;
}

std::optional<FoundFooter> MendFirstFooter(BestBytes& bytes, const PartGuard& guard,
                                           uint64_t file_size) {
  const uint64_t end = guard.covered_bytes();
  const uint64_t size = file_size - guard.end();
  if (size > end) return std::nullopt;
  Result<PartFooter> footer = ParsePartFooterAt(bytes.Read(end - size, end), end);
  if (!footer.ok()) return std::nullopt;
  return FoundFooter{*std::move(footer), end - size, end};
}

}  // namespace

Result<FoundFooter> SalvagePartFooter(std::string_view file) {
  const Status damaged(StatusCode::kDataLoss, "both footers are damaged, and what they are of");
  if (file.size() < kPartHeaderSize + kPartTrailerSize) return damaged;
  const std::optional<PartGuard> guard = PartGuard::Find(file);
  BestBytes bytes(file, guard);
  if (guard) {
    if (auto mended = MendFirstFooter(bytes, *guard, file.size())) return *std::move(mended);
  }
  for (const uint64_t file_id : FileIds(bytes, file)) {
    SectionSearch search(bytes, file_id);
    search.Run();
    if (!search.found_anything()) continue;
    FoundFooter found = std::move(search).MakeFooter();
    found.end = guard ? guard->covered_bytes() : 0;
    return found;
  }
  return damaged;
}

}  // namespace spandrel::columnar
