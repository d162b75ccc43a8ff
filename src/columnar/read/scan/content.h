// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "columnar/part/format/template_table.h"
#include "storage/expression.h"

namespace spandrel::columnar {

// How much of a span a reader asks for: all that SpanRef offers but its message, and of the message
// nothing, all, or the pieces that some fields are read from. A message of pieces answers about
// these fields as the full one does. A value.
class Content {
 public:
  // No message: span() is empty.
  static const Content kLight;
  // The whole message, byte for byte.
  static const Content kFull;

  // The pieces that a field, all fields of an expression, or an attribute list are read from.
  void Add(const storage::FieldRef& field);
  void Add(const storage::Expression& where);
  void Add(storage::AttributeScope list);

  bool is_light() const;
  bool is_full() const { return is_full_; }
  // The columns of a row group that have such pieces, by number: 1 when it has. A column of whole
  // messages always has.
  std::vector<uint8_t> ColumnsOf(const TemplateTable& table) const;
  // Those of them in which rows of one template may differ by their attribute keys.
  std::vector<uint8_t> KeyColumnsOf(const TemplateTable& table) const;

 private:
  bool Has(const ColumnKey& column) const;
  void AddPlain(const storage::Field& field);
  void AddKey(const std::string& key);

  bool is_full_ = false;
  bool all_attributes_ = false;
  bool events_ = false;
  bool links_ = false;
  bool texts_ = false;             // trace state and status
  std::vector<std::string> keys_;  // of attributes; sorted
};

// The fields that an expression reads; of one that goes through events or links, one of theirs too.
std::vector<storage::FieldRef> FieldsOf(const storage::Expression& where);

}  // namespace spandrel::columnar
