// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "journal/log_format.h"

namespace spandrel::journal {

using LogFileHeader = std::array<char, kLogFileHeaderSize>;
using LogRecordHeader = std::array<char, kLogRecordHeaderSize>;

// `reused`: the file may hold records of an earlier use, of another epoch. `skipped`: so many
// sequences between the last acknowledged record and the first one of this file were given to
// records that were refused.
LogFileHeader EncodeLogFileHeader(uint64_t epoch, bool reused = false, uint32_t skipped = 0);
LogRecordHeader EncodeLogRecordHeader(uint64_t epoch, uint64_t sequence, uint32_t body_size,
                                      uint32_t body_crc, bool has_key = false);

// A record's header whose own checksum is right.
struct LogRecordFields {
  uint32_t body_size = 0;
  uint32_t body_crc = 0;
  uint64_t epoch = 0;
  uint64_t sequence = 0;
  bool has_key = false;
};
std::optional<LogRecordFields> ReadLogRecordHeader(std::string_view bytes);
// Whether these are the header of a log file, of whatever version.
bool IsLogFileHeader(std::string_view bytes);

// Walks over the bytes of one log file, which may be damaged anywhere. No I/O.
class LogScanner {
 public:
  enum class Outcome {
    kRecord,  // a good record
    kDamage,  // bytes that are not a good record, with a good record's header behind them
    kEnd,     // none follows
  };
  struct Step {
    Outcome outcome = Outcome::kEnd;
    uint64_t offset = 0;  // where the record or the damage begins, or where good bytes end
    uint64_t size = 0;    // of the damage
    uint64_t sequence = 0;
    uint32_t body_crc = 0;
    uint32_t key_room = 0;  // how many bytes of the body are in front of the payload
    std::string_view body;
  };

  // Takes the epoch from the file's header or, where that is damaged, from the first good record.
  // Records of another epoch do not count, so that bytes which look like a record inside a damaged
  // body are not taken for one.
  explicit LogScanner(std::string_view file);

  // The version of a file whose header is in order; kLogVersion where it is not.
  uint32_t version() const { return version_; }

  // For a file whose header is in order and begins with a good record, `first`: the sequence that
  // was acknowledged last when the file was made, if any.
  std::optional<uint64_t> AcknowledgedBefore(const Step& first) const;

  Step Next();
  // The next step is this one again, whose bytes have changed meanwhile.
  void GoBackTo(const Step& step) {
    at_ = step.offset;
    has_records_ = true;
  }

  std::optional<uint64_t> epoch() const { return epoch_; }

  // At the end: true when something was begun behind the last good record, a torn write.
  bool HasTornTail() const;

 private:
  bool ReadRecord(uint64_t offset, Step* step) const;
  // The first good record, or header of one, at or behind `offset`; the file's size when there is
  // none.
  uint64_t FindRecord(uint64_t offset) const;
  uint64_t FindHeader(uint64_t offset) const;
  template <typename IsWanted>
  uint64_t FindMagic(uint64_t offset, const IsWanted& is_wanted) const;

  std::string_view file_;
  uint32_t version_ = kLogVersion;
  bool reused_ = false;
  std::optional<uint32_t> skipped_;  // none: the header is damaged
  std::optional<uint64_t> epoch_;
  uint64_t at_ = 0;
  bool has_records_ = true;  // behind at_, as far as is known
};

}  // namespace spandrel::journal
