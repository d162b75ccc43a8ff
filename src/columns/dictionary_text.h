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
#include "columns/packed_ints.h"
#include "columns/text_encoding.h"

namespace spandrel::columns {

// Appends a dictionary column to `out`. `entries` are the distinct values, in any order, together
// at most kMaxDictionaryBytes; `codes` has for each row an index into them.
void EncodeDictionaryText(std::span<const std::string_view> entries,
                          std::span<const uint32_t> codes, std::string* out);

// A view of the body of a dictionary column: each distinct value once, and a code a row. Copies are
// cheap and share the decompressed values. Any number of threads may read.
class DictionaryText {
 public:
  // Empty.
  DictionaryText() = default;

  // `body` is what follows the header of a column of `rows` rows. Decompresses the values, together
  // at most `max_bytes`. DATA_LOSS when it is no such body or a code is out of range.
  static base::Result<DictionaryText> Parse(std::string_view body, uint32_t rows,
                                            uint64_t max_bytes);

  uint32_t entry_count() const {
    return entries_ == nullptr ? 0 : static_cast<uint32_t>(entries_->ends.size());
  }
  std::string_view At(uint32_t code) const {
    const auto& ends = entries_->ends;
    const uint32_t begin = code == 0 ? 0 : ends[code - 1];
    return {entries_->bytes.data() + begin, ends[code] - begin};
  }
  std::optional<uint32_t> Find(std::string_view value) const;
  const PackedInts& codes() const { return codes_; }

 private:
  struct Entries {
    std::string decompressed;
    std::string_view bytes;      // all entries, one behind the other
    std::vector<uint32_t> ends;  // where each ends
  };

  std::shared_ptr<const Entries> entries_;
  PackedInts codes_;
};

}  // namespace spandrel::columns
