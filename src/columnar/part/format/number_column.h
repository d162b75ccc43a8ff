// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "columnar/part/format/message_fields.h"
#include "columns/packed_ints.h"

namespace spandrel::columnar {

// Appends the numbers of a column, as they are or, where few of them are distinct, as a dictionary
// with the most frequent one first, whichever is smaller. Ints are kept so that their order is that
// of the packed numbers.
void EncodeNumbers(std::span<const uint64_t> values, CellType type, std::string* out);

// The numbers of a column; a view.
class NumberColumn {
 public:
  // DATA_LOSS when the bytes are not such a column.
  static base::Result<NumberColumn> Parse(std::string_view bytes, CellType type);

  uint32_t size() const { return codes_.size(); }
  uint64_t At(uint32_t index) const { return ValueOf(codes_.At(index)); }
  void Read(uint32_t first, uint32_t count, uint64_t* out) const;

  // The distinct values when they are few; a code is a position among them.
  bool has_dictionary() const { return has_dictionary_; }
  uint32_t dictionary_size() const { return dictionary_.size(); }
  uint64_t DictionaryAt(uint32_t code) const { return dictionary_.At(code) ^ flip_; }
  const columns::PackedInts& codes() const { return codes_; }
  // The value that a code, or without a dictionary a packed number, stands for.
  uint64_t ValueOf(uint64_t code) const {
    return (has_dictionary_ ? dictionary_.At(static_cast<uint32_t>(code)) : code) ^ flip_;
  }

 private:
  bool has_dictionary_ = false;
  uint64_t flip_ = 0;
  columns::PackedInts dictionary_;
  columns::PackedInts codes_;
};

}  // namespace spandrel::columnar
