// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace spandrel::wire {

// Appends JSON text without building a tree. The writer puts the commas: one before each key or
// element that is not the first of its object or array. Containers must be closed in order.
class JsonWriter {
 public:
  explicit JsonWriter(std::string* json) : json_(json) {}

  void OpenObject() { Open('{'); }
  void CloseObject() { Close('}'); }
  void OpenArray() { Open('['); }
  void CloseArray() { Close(']'); }
  // `name` must need no escaping.
  void Key(std::string_view name);
  // A key from outside.
  void EscapedKey(std::string_view key);

  void String(std::string_view text);
  void Hex(std::string_view bytes);
  void Base64(std::string_view bytes);
  void Int(int64_t value);
  void Uint(uint64_t value);
  // A 64-bit number as a string, as OTLP/JSON writes it.
  void QuotedInt(int64_t value);
  void QuotedUint(uint64_t value);
  // NaN and the infinities as strings. Never looks like an integer.
  void Double(double value);
  void Bool(bool value) { Raw(value ? "true" : "false"); }
  void Null() { Raw("null"); }
  // Text that is JSON already.
  void Raw(std::string_view json);

  // Pieces of a shape that is written many times, as they are. Up to a value or an element: with
  // the comma before it, as `{"key":`, and without, as `,"value":`. And behind one: `"}]`.
  void Begin(std::string_view json);
  void Continue(std::string_view json);
  void End(std::string_view json);

 private:
  void Comma();
  // Appends `size` characters that stand in `piece` behind room for a comma.
  void Put(char* piece, size_t size);
  template <typename Number>
  void PutNumber(Number value, std::string_view quote);
  void Open(char c);
  void Close(char c);

  std::string* json_;
  bool first_ = true;
};

}  // namespace spandrel::wire
