// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/part/format/message_fields.h"

namespace spandrel::columnar {

// A cell of a message that has the layout of an example.
struct MatchedCell {
  bool is_same = false;   // as the example's; then without a value
  std::string_view text;  // of a text cell
  uint64_t scalar = 0;    // of any other
};

// A message that was taken apart, to recognise others by: most spans of an operation have the same
// fields with the same keys, and many of the same values. One thread.
class MessageExample {
 public:
  static constexpr size_t kMaxBytes = 2048;

  // `fields` are what TakeApart found in `message`, which is copied and at most kMaxBytes large.
  MessageExample(std::string_view message, const std::vector<MessageField>& fields);

  // Whether TakeApart would find the same fields in `message`, with the same name and kind. Then
  // `cells` are those of the message, in order. Views are of the message.
  bool Match(std::string_view message, std::vector<MatchedCell>* cells);

  // Asks the memory for all that Match() reads of the example.
  void Prefetch() const;

  size_t cell_count() const { return cell_count_; }

 private:
  friend class ExampleMatch;
  struct Field {
    FieldKind kind;
    CellType type;
    uint8_t key;            // its first byte
    uint8_t value_at;       // of a short attribute: where its value begins; else 0
    uint16_t end;           // in the message
    uint8_t different = 0;  // how often it was not the same, while that is counted
  };

  std::string message_;
  std::vector<Field> fields_;
  size_t cell_count_ = 0;
  uint8_t matches_ = 0;  // until they are enough to say which fields differ
};

}  // namespace spandrel::columnar
