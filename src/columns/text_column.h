// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "columns/dictionary_text.h"
#include "columns/packed_ints.h"
#include "columns/text_encoding.h"

// A column of byte strings: any bytes, up to 1 GiB each, together less than 4 GiB.
// docs/formats/columns.md has the bytes.
namespace spandrel::columns {

// Appends a column of mostly different values to `out`, in the encoding that fits them best.
void EncodePlainText(std::span<const std::string_view> values, std::string* out,
                     int zstd_level = 1);

class PatternedText;

// A view of an encoded column; valid as long as its bytes. Copies are cheap and share a
// decompressed dictionary. Any number of threads may read. Rows and codes must be in range; codes()
// never yields a code that is not.
class TextColumn {
 public:
  // Empty.
  TextColumn() = default;

  // Takes exactly the bytes of one column. Decompresses a dictionary, of at most
  // `max_dictionary_bytes`, and no block of values. DATA_LOSS when the bytes are not a column.
  static base::Result<TextColumn> Parse(std::string_view bytes,
                                        uint64_t max_dictionary_bytes = kMaxDictionaryBytes);

  uint32_t size() const { return size_; }
  TextEncoding encoding() const { return encoding_; }

  // Of kDictionary only.
  uint32_t dictionary_size() const { return dictionary_.entry_count(); }
  std::string_view DictionaryAt(uint32_t code) const { return dictionary_.At(code); }
  const PackedInts& codes() const { return dictionary_.codes(); }

  // Calls visit(uint32_t row, std::string_view value) for each row of [first, first + count), in
  // order. A view lives during its call only. DATA_LOSS when a block does not decompress
  // or damaged numbers are too few; the rows before it have been visited then.
  template <typename Visitor>
  base::Status Visit(uint32_t first, uint32_t count, Visitor&& visit) const;
  base::Result<std::string> At(uint32_t row) const;
  // The first row of [first, first + count) that is `value`; makes texts only of kCompressed, and
  // there decompresses only blocks with a value of that length, and of kPatterned, of groups of
  // rows with its pattern and its numbers.
  base::Result<std::optional<uint32_t>> FindEqual(std::string_view value, uint32_t first,
                                                  uint32_t count) const;

 private:
  friend class TextReader;

  base::Status ParseDictionary(std::string_view body, uint64_t max_dictionary_bytes);
  base::Status ParseAffixes(std::string_view* body);
  base::Status ParseNumbered(std::string_view body);
  base::Status ParseFixedBytes(std::string_view body);
  base::Status ParseCompressed(std::string_view body);
  base::Status ParsePatterned(std::string_view body, uint64_t max_dictionary_bytes);

  // Without prefix and suffix; nothing when the column cannot hold the value.
  std::optional<std::string_view> Middle(std::string_view value) const;
  std::optional<uint32_t> FindFixedBytes(std::string_view value, uint32_t first,
                                         uint32_t count) const;
  base::Result<std::optional<uint32_t>> FindCompressed(std::string_view value, uint32_t first,
                                                       uint32_t count) const;
  // Of kCompressed: where the row's bytes begin.
  uint64_t OffsetOf(uint32_t row) const;

  uint32_t size_ = 0;
  TextEncoding encoding_ = TextEncoding::kCompressed;
  DictionaryText dictionary_;  // kDictionary
  PackedInts numbers_;         // numbers or lengths
  // kNumbered, kHex, kUuid.
  std::string_view prefix_;
  std::string_view suffix_;
  uint32_t digits_ = 0;        // kNumbered: of every number, or 0: as many as it needs
  uint32_t middle_bytes_ = 0;  // kHex, kUuid: of every value in `bytes_`
  bool upper_case_ = false;    // kHex
  std::string_view bytes_;     // kHex, kUuid: raw values; kCompressed: blocks
  // kCompressed.
  PackedInts group_starts_;  // where the bytes of every 128th value begin
  PackedInts block_ends_;    // in `bytes_`
  uint64_t raw_size_ = 0;
  std::shared_ptr<const PatternedText> patterned_;
};

// Reads a column piece by piece and keeps the block it decompressed last, so that rows that lie
// close are read without decompressing a block twice. Must not outlive the column's bytes. One
// thread.
class TextReader {
 public:
  explicit TextReader(TextColumn column) : column_(std::move(column)) {}

  // The values of rows [first, first + n) with 1 <= n <= count, as many as is convenient; `count`
  // is at least 1. Valid until the next call.
  base::Result<std::span<const std::string_view>> Read(uint32_t first, uint32_t count);
  // Valid until the next call.
  base::Result<std::string_view> At(uint32_t row);

 private:
  void ReadDictionary(uint32_t first, uint32_t count);
  void ReadNumbered(uint32_t first, uint32_t count);
  void ReadFixedBytes(uint32_t first, uint32_t count);
  base::Status ReadCompressed(uint32_t first, uint32_t count);
  base::Status LoadBlocks(uint64_t begin, uint64_t end);
  base::Status AppendBlock(uint32_t block);

  TextColumn column_;
  std::vector<std::string_view> views_;
  std::string text_;  // the values of the last call; kCompressed: decompressed blocks
  uint32_t first_block_ = 0;
  // kCompressed: where the row after those of the last call begins.
  uint32_t next_row_ = 0;
  uint64_t next_offset_ = 0;
};

template <typename Visitor>
base::Status TextColumn::Visit(uint32_t first, uint32_t count, Visitor&& visit) const {
  TextReader reader(*this);
  while (count > 0) {
    const auto values = reader.Read(first, count);
    if (!values.ok()) return values.status();
    for (const std::string_view value : *values) visit(first++, value);
    count -= static_cast<uint32_t>(values->size());
  }
  return {};
}

}  // namespace spandrel::columns
