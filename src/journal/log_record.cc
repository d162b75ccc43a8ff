// SPDX-License-Identifier: Apache-2.0
#include "journal/log_record.h"

#include <algorithm>
#include <cstring>

#include "base/crc32c.h"
#include "base/fixed.h"
#include "disk/mutant.h"

namespace spandrel::journal {
namespace {

// Bytes 8 to 31 of a record's header, which its own checksum covers.
struct CheckedFields {
  uint32_t marked_size = 0;
  uint32_t body_crc = 0;
  uint64_t epoch = 0;
  uint64_t sequence = 0;
};
static_assert(sizeof(CheckedFields) == kLogRecordHeaderSize - 8);

template <size_t kSize>
std::array<char, kSize> ToArray(const std::string& bytes) {
  std::array<char, kSize> array{};
  std::copy(bytes.begin(), bytes.end(), array.begin());
  return array;
}

// How many bytes the key at the front of `body` takes, its size included; they may be more than
// there are.
uint32_t KeyRoom(std::string_view body) {
  return body.empty() ? 1 : 1 + static_cast<uint8_t>(body.front());
}

}  // namespace

std::optional<LogRecordFields> ReadLogRecordHeader(std::string_view bytes) {
  base::FixedReader reader(bytes.substr(0, kLogRecordHeaderSize));
  const auto magic = reader.Take<uint32_t>();
  const auto crc = reader.Take<uint32_t>();
  const auto fields = reader.Take<CheckedFields>();
  const uint32_t body_size = fields.marked_size & ~kLogBodyHasKey;
  if (!reader.ok() || magic != kLogRecordMagic || body_size > kMaxLogBody) return std::nullopt;
  if (crc != base::Crc32c(bytes.substr(8, sizeof(CheckedFields)))) return std::nullopt;
  const bool has_key = (fields.marked_size & kLogBodyHasKey) != 0;
  return LogRecordFields{body_size, fields.body_crc, fields.epoch, fields.sequence, has_key};
}

bool IsLogFileHeader(std::string_view bytes) {
  const std::string_view header = bytes.substr(0, kLogFileHeaderSize);
  base::FixedReader reader(header);
  if (reader.Take<uint64_t>() != kLogFileMagic || header.size() < kLogFileHeaderSize) return false;
  constexpr size_t kChecked = kLogFileHeaderSize - sizeof(uint32_t);
  base::FixedReader crc(header.substr(kChecked));
  return crc.Take<uint32_t>() == base::Crc32c(header.substr(0, kChecked));
}

LogFileHeader EncodeLogFileHeader(uint64_t epoch, bool reused, uint32_t skipped) {
  std::string bytes;
  base::AppendFixed(kLogFileMagic, &bytes);
  base::AppendFixed(kLogVersion, &bytes);
  base::AppendFixed(reused ? kLogFileReused : uint32_t{0}, &bytes);
  base::AppendFixed(epoch, &bytes);
  base::AppendFixed(skipped, &bytes);
  base::AppendFixed(base::Crc32c(bytes), &bytes);
  return ToArray<kLogFileHeaderSize>(bytes);
}

LogRecordHeader EncodeLogRecordHeader(uint64_t epoch, uint64_t sequence, uint32_t body_size,
                                      uint32_t body_crc, bool has_key) {
  const uint32_t marked_size = has_key ? body_size | kLogBodyHasKey : body_size;
  std::string fields;
  base::AppendFixed(CheckedFields{marked_size, body_crc, epoch, sequence}, &fields);
  std::string bytes;
  base::AppendFixed(kLogRecordMagic, &bytes);
  base::AppendFixed(base::Crc32c(fields), &bytes);
  bytes += fields;
  return ToArray<kLogRecordHeaderSize>(bytes);
}

LogScanner::LogScanner(std::string_view file) : file_(file) {
  at_ = std::min<uint64_t>(kLogFileHeaderSize, file.size());
  const std::string_view header = file.substr(0, at_);
  base::FixedReader reader(header);
  (void)reader.Take<uint64_t>();  // magic
  const auto version = reader.Take<uint32_t>();
  const auto flags = reader.Take<uint32_t>();
  const auto epoch = reader.Take<uint64_t>();
  const auto skipped = reader.Take<uint32_t>();
  if (IsLogFileHeader(header)) {
    version_ = version;
    reused_ = (flags & kLogFileReused) != 0;
    epoch_ = epoch;
    skipped_ = skipped;
    return;
  }
  const uint64_t first = FindRecord(at_);
  if (first >= file.size()) return;
  if (const auto fields = ReadLogRecordHeader(file.substr(first))) epoch_ = fields->epoch;
}

std::optional<uint64_t> LogScanner::AcknowledgedBefore(const Step& first) const {
  const bool begins_well =
      first.outcome == Outcome::kRecord && first.offset == kLogFileHeaderSize && skipped_;
  if (!begins_well || first.sequence <= *skipped_) return std::nullopt;
  return first.sequence - 1 - *skipped_;
}

LogScanner::Step LogScanner::Next() {
  Step step;
  if (ReadRecord(at_, &step)) {
    at_ += LogRecordSize(step.body.size());
    return step;
  }
  step = Step{Outcome::kEnd, at_};
  uint64_t next = has_records_ ? FindRecord(at_ + kLogAlignment) : file_.size();
  has_records_ = next < file_.size();
  if (!has_records_) next = FindHeader(at_ + kLogAlignment);
  if (next >= file_.size()) return step;
  step.outcome = Outcome::kDamage;
  step.size = next - at_;
  at_ = next;
  return step;
}

bool LogScanner::HasTornTail() const {
  std::string_view tail = file_.substr(std::min<uint64_t>(at_, file_.size()));
  if (reused_) tail = tail.substr(0, kLogEndMark.size());
  return tail.find_first_not_of('\0') != std::string_view::npos;
}

bool LogScanner::ReadRecord(uint64_t offset, Step* step) const {
  if (offset >= file_.size()) return false;
  const std::string_view bytes = file_.substr(offset);
  const std::optional<LogRecordFields> fields = ReadLogRecordHeader(bytes);
  if (!fields || fields->epoch != epoch_.value_or(fields->epoch)) return false;
  if (fields->body_size > bytes.size() - kLogRecordHeaderSize) return false;
  const std::string_view body = bytes.substr(kLogRecordHeaderSize, fields->body_size);
  const bool intact = base::Crc32c(body) == fields->body_crc;
  if (!intact && !disk::MutantIs(disk::Mutant::kNoLogChecksum)) return false;
  const uint32_t key_room = fields->has_key ? KeyRoom(body) : 0;
  if (key_room > body.size()) return false;
  *step = Step{Outcome::kRecord, offset, 0, fields->sequence, fields->body_crc, key_room, body};
  return true;
}

template <typename IsWanted>
uint64_t LogScanner::FindMagic(uint64_t offset, const IsWanted& is_wanted) const {
  std::string magic;
  base::AppendFixed(kLogRecordMagic, &magic);
  for (size_t found = file_.find(magic, offset); found != std::string_view::npos;
       found = file_.find(magic, found + 1)) {
    if (found % kLogAlignment == 0 && is_wanted(found)) return found;
  }
  return file_.size();
}

uint64_t LogScanner::FindRecord(uint64_t offset) const {
  Step ignored;
  return FindMagic(offset, [&](uint64_t at) { return ReadRecord(at, &ignored); });
}

// Behind a write that was cut off there is none.
uint64_t LogScanner::FindHeader(uint64_t offset) const {
  if (!epoch_) return file_.size();
  return FindMagic(offset, [&](uint64_t at) {
    const auto fields = ReadLogRecordHeader(file_.substr(at));
    return fields && fields->epoch == *epoch_;
  });
}

}  // namespace spandrel::journal
