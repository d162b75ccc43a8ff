// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "columnar/part/format/dictionary.h"
#include "columnar/part/format/template_table.h"
#include "storage/field.h"

namespace spandrel::columnar {

// Numbers of what templates are to some fields that they decide: those that share what the fields
// are read from share a number, also in other row groups of the part, so that one need be asked.
// One thread.
class TemplateShapes {
 public:
  // For fields of which IsTemplateField is true.
  void Read(const storage::Field& field);

  // Of a template of a row group of part `source`. Numbers go up from 0, one by one, which
  // has `dictionary`.
  uint32_t NumberOf(uint32_t source, const Template& made, const Dictionary& dictionary);

  uint32_t size() const { return size_; }
  // What it takes, about.
  size_t byte_size() const { return bytes_; }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  struct Shape {
    uint32_t source = 0;
    uint32_t scope = 0;
    uint32_t name = 0;
    uint8_t kind_and_status = 0;
    friend bool operator==(const Shape&, const Shape&) = default;
  };
  struct ShapeHash {
    size_t operator()(const Shape& shape) const;
  };

  // Where the scope or the name alone decides: by source and its number.
  uint32_t& PlaceOf(uint32_t source, uint32_t number, size_t count);

  bool scope_ = false;
  bool name_ = false;
  bool kind_and_status_ = false;
  uint32_t size_ = 0;
  size_t bytes_ = 0;
  std::vector<std::vector<uint32_t>> by_number_;
  std::unordered_map<Shape, uint32_t, ShapeHash> by_shape_;
};

}  // namespace spandrel::columnar
