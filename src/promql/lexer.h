// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "promql/ast.h"

namespace spandrel::promql {

enum class TokenKind : uint8_t {
  kEnd,
  kMark,      // an operator, bracket or comma
  kWord,      // a name or keyword
  kNumber,    // `number`
  kDuration,  // `duration_nano`
  kText,      // `content`
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string_view text;  // as it is written
  std::string content;
  double number = 0;
  uint64_t duration_nano = 0;
  Place place;
};

// The message of an error at a place: "1:7: expected a value".
base::Status ErrorAt(Place place, std::string_view message);

// Whole numbers with units, largest first: `1h30m`. Units are y (365 d), w, d, h, m, s, ms. False
// when it is none or more than a hundred years.
bool ParseDuration(std::string_view text, uint64_t* nanoseconds);

// Cuts a query into tokens, one after the other. Blanks and comments from `#` to the end of the
// line are skipped.
class Lexer {
 public:
  // The text must outlive it and its tokens.
  explicit Lexer(std::string_view text) : text_(text) {}

  // INVALID_ARGUMENT with the place for what is no token. After the end: kEnd again.
  base::Result<Token> Next();

 private:
  char Peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : 0; }
  void Advance(size_t bytes);
  void SkipBlanks();
  base::Status ReadInto(Token* token);
  base::Status ReadNumber(Token* token);
  base::Status ReadText(Token* token);
  base::Status ReadEscape(char quote, std::string* text);
  base::Status ReadMark(Token* token);
  base::Status Error(std::string_view message) const { return ErrorAt(place_, message); }

  const std::string_view text_;
  size_t at_ = 0;
  Place place_;
};

}  // namespace spandrel::promql
