// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstring>

#include "columns/patterned_text.h"
#include "columns/text_column.h"
#include "columns/text_format.h"
#include "columns/zstd_block.h"

namespace spandrel::columns {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

// Values made by one call.
constexpr uint32_t kBatchRows = 128;

Status BlockUnreadable() {
  return {StatusCode::kDataLoss, "block of texts cannot be read"};
}

}  // namespace

Result<std::span<const std::string_view>> TextReader::Read(uint32_t first, uint32_t count) {
  count = std::min(count, kBatchRows);
  views_.clear();
  switch (column_.encoding_) {
    case TextEncoding::kDictionary:
      ReadDictionary(first, count);
      break;
    case TextEncoding::kNumbered:
      ReadNumbered(first, count);
      break;
    case TextEncoding::kHex:
    case TextEncoding::kUuid:
      ReadFixedBytes(first, count);
      break;
    case TextEncoding::kPatterned:
      SPANDREL_RETURN_IF_ERROR(column_.patterned_->Read(first, count, &text_, &views_));
      break;
    case TextEncoding::kCompressed:
      SPANDREL_RETURN_IF_ERROR(ReadCompressed(first, count));
      break;
  }
  return std::span<const std::string_view>(views_);
}

Result<std::string_view> TextReader::At(uint32_t row) {
  const auto values = Read(row, 1);
  if (!values.ok()) return values.status();
  return values->front();
}

void TextReader::ReadDictionary(uint32_t first, uint32_t count) {
  std::array<uint32_t, kBatchRows> codes;
  column_.codes().Read(first, count, codes.data());
  for (uint32_t i = 0; i < count; ++i) views_.push_back(column_.DictionaryAt(codes[i]));
}

void TextReader::ReadNumbered(uint32_t first, uint32_t count) {
  std::array<uint64_t, kBatchRows> numbers;
  column_.numbers_.Read(first, count, numbers.data());
  text_.resize(count * (column_.prefix_.size() + kMaxDigits + column_.suffix_.size()));
  char* out = text_.data();
  for (uint32_t i = 0; i < count; ++i) {
    const char* begin = out;
    out = Put(column_.prefix_, out);
    out = PutNumber(numbers[i], column_.digits_, out);
    out = Put(column_.suffix_, out);
    views_.emplace_back(begin, out - begin);
  }
}

void TextReader::ReadFixedBytes(uint32_t first, uint32_t count) {
  const bool is_uuid = column_.encoding_ == TextEncoding::kUuid;
  const size_t middle_size = is_uuid ? kUuidChars : 2 * column_.middle_bytes_;
  const size_t size = column_.prefix_.size() + middle_size + column_.suffix_.size();
  text_.resize(count * size);
  const char* bytes = column_.bytes_.data() + size_t{first} * column_.middle_bytes_;
  char* out = text_.data();
  for (uint32_t i = 0; i < count; ++i, bytes += column_.middle_bytes_) {
    views_.emplace_back(out, size);
    out = Put(column_.prefix_, out);
    if (is_uuid)
      WriteUuid(bytes, out);
    else
      WriteHex(bytes, column_.middle_bytes_, column_.upper_case_, out);
    out = Put(column_.suffix_, out + middle_size);
  }
}

// Takes the values that end in the block in which the first begins, and at least the first.
Status TextReader::ReadCompressed(uint32_t first, uint32_t count) {
  const uint64_t begin = first == next_row_ ? next_offset_ : column_.OffsetOf(first);
  std::array<uint64_t, kBatchRows> ends;
  column_.numbers_.Read(first, count, ends.data());
  const uint64_t block_end =
      std::min((begin / kTextBlockBytes + 1) * kTextBlockBytes, column_.raw_size_);
  uint64_t end = begin;
  uint32_t taken = 0;
  for (; taken < count; ++taken) {
    if (taken > 0 && end + ends[taken] > block_end) break;
    ends[taken] = end += ends[taken];
  }
  if (end > column_.raw_size_) return BlockUnreadable();
  SPANDREL_RETURN_IF_ERROR(LoadBlocks(begin, end));
  const char* text = begin == end
                         ? text_.data()
                         : text_.data() + (begin - uint64_t{first_block_} * kTextBlockBytes);
  for (uint64_t at = begin; const uint64_t value_end : std::span(ends.data(), taken)) {
    views_.emplace_back(text + (at - begin), value_end - at);
    at = value_end;
  }
  next_row_ = first + taken;
  next_offset_ = end;
  return {};
}

// Makes `text_` hold the bytes [begin, end) of the column's texts, in whole blocks.
Status TextReader::LoadBlocks(uint64_t begin, uint64_t end) {
  const auto first = static_cast<uint32_t>(begin / kTextBlockBytes);
  const auto last = static_cast<uint32_t>((end + kTextBlockBytes - 1) / kTextBlockBytes);
  const auto blocks_of = [](size_t size) {
    return static_cast<uint32_t>((size + kTextBlockBytes - 1) / kTextBlockBytes);
  };
  const uint32_t loaded = first_block_ + blocks_of(text_.size());
  if (begin == end || (first >= first_block_ && last <= loaded)) return {};
  if (first >= first_block_ && first < loaded)
    text_.erase(0, size_t{first - first_block_} * kTextBlockBytes);
  else
    text_.clear();
  first_block_ = first;
  for (uint32_t block = first + blocks_of(text_.size()); block < last; ++block) {
    SPANDREL_RETURN_IF_ERROR(AppendBlock(block));
  }
  return {};
}

Status TextReader::AppendBlock(uint32_t block) {
  const PackedInts& ends = column_.block_ends_;
  const uint64_t begin = block == 0 ? 0 : ends.At(block - 1);
  const uint64_t end = ends.At(block);
  if (begin > end) return BlockUnreadable();
  const uint64_t raw_begin = uint64_t{block} * kTextBlockBytes;
  const auto raw_size =
      static_cast<size_t>(std::min<uint64_t>(kTextBlockBytes, column_.raw_size_ - raw_begin));
  const size_t size = text_.size();
  text_.resize(size + raw_size);
  if (!ReadZstdBlock(column_.bytes_.substr(begin, end - begin), text_.data() + size, raw_size)) {
    text_.resize(size);
    return BlockUnreadable();
  }
  return {};
}

}  // namespace spandrel::columns
