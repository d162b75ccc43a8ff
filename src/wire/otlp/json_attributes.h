// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "proto/writer.h"

namespace spandrel::wire {

// Writes KeyValue objects of OTLP/JSON as protobuf, with a stack of its own for the values that
// nest. For the JSON readers of this module only.
class JsonAttributeReader {
 public:
  explicit JsonAttributeReader(proto::Writer* out) : out_(out) {}

  // Writes one KeyValue as field `field`. Nothing when it went well, else what is wrong with it.
  std::optional<std::string_view> Read(uint32_t field, const simdjson::dom::element& key_value);
  // The same for an AnyValue object.
  std::optional<std::string_view> ReadValue(uint32_t field,
                                            const simdjson::dom::element& any_value);

 private:
  // An arrayValue or kvlistValue whose elements are being read, and where its messages opened.
  struct OpenList {
    simdjson::dom::array::iterator at;
    simdjson::dom::array::iterator end;
    bool is_map;
    size_t list_mark;
    size_t value_mark;
    size_t entry_mark;  // 0 when the value is not in a KeyValue
  };

  bool StartEntry(uint32_t field, const simdjson::dom::element& key_value);
  bool StartValue(uint32_t field, const simdjson::dom::element& any_value, size_t entry_mark);
  bool StartList(bool is_map, const simdjson::dom::element& list, size_t value_mark,
                 size_t entry_mark);
  bool WriteScalar(std::string_view name, const simdjson::dom::element& value);
  bool Continue();
  std::optional<std::string_view> Finish(bool started);
  bool Fail(std::string_view reason);

  proto::Writer* out_;
  std::vector<OpenList> open_;
  std::string_view reason_;
};

}  // namespace spandrel::wire
