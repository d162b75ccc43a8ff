// SPDX-License-Identifier: Apache-2.0
#include "journal/log_mending.h"

#include <functional>
#include <string>

#include "base/crc32c.h"
#include "journal/log_format.h"
#include "journal/log_record.h"

namespace spandrel::journal {
namespace {

char Flipped(char byte, uint64_t bit) {
  return static_cast<char>(byte ^ (1 << bit % 8));
}

// The bit of a header with which it is good when it is turned over.
std::optional<WrongByte> FindFlip(std::string_view header,
                                  const std::function<bool(std::string_view)>& is_good) {
  std::string tried(header);
  for (uint64_t bit = 0; bit < tried.size() * 8; ++bit) {
    char& byte = tried[bit / 8];
    byte = Flipped(byte, bit);
    if (is_good(tried)) return WrongByte{bit / 8, byte};
    byte = Flipped(byte, bit);
  }
  return std::nullopt;
}

std::optional<WrongByte> FindFlipInBody(std::string_view body, uint32_t crc) {
  const auto bit = base::FindCrc32cBit(body.size(), base::Crc32c(body) ^ crc);
  if (!bit) return std::nullopt;
  return WrongByte{*bit / 8, Flipped(body[*bit / 8], *bit)};
}

}  // namespace

std::optional<WrongByte> FindFlipInFileHeader(std::string_view file) {
  const std::string_view header = file.substr(0, kLogFileHeaderSize);
  if (IsLogFileHeader(header)) return std::nullopt;
  return FindFlip(header, IsLogFileHeader);
}

std::optional<RecordFlip> FindFlipInRecord(std::string_view file, uint64_t offset, uint64_t epoch) {
  if (offset >= file.size()) return std::nullopt;
  const std::string_view record = file.substr(offset);
  const std::string_view header = record.substr(0, kLogRecordHeaderSize);
  const auto fields = ReadLogRecordHeader(header);
  if (!fields) {
    auto flip = FindFlip(header, [epoch](std::string_view tried) {
      const auto read = ReadLogRecordHeader(tried);
      return read && read->epoch == epoch;
    });
    if (!flip) return std::nullopt;
    return RecordFlip{{offset + flip->offset, flip->right}, false};
  }
  const bool is_whole = record.size() - kLogRecordHeaderSize >= fields->body_size;
  if (fields->epoch != epoch || !is_whole) return std::nullopt;
  const std::string_view body = record.substr(kLogRecordHeaderSize, fields->body_size);
  const auto flip = FindFlipInBody(body, fields->body_crc);
  if (!flip) return std::nullopt;
  return RecordFlip{{offset + kLogRecordHeaderSize + flip->offset, flip->right}, true};
}

}  // namespace spandrel::journal
