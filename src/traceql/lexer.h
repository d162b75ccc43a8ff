// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "traceql/token.h"

namespace spandrel::traceql {

// The message of an error at a place: "1:7: expected a value".
base::Status ErrorAt(Place place, std::string_view message);

// Cuts a query into tokens, one after the other. Blanks and comments (`//`, `/* */`) are skipped.
// An attribute's name goes on until a blank, an operator that is none of `+ - * / %`, or a
// parenthesis; parts of it may be in double quotes.
class Lexer {
 public:
  // The text must outlive it and its tokens.
  explicit Lexer(std::string_view text) : text_(text) {}

  // INVALID_ARGUMENT with the place for what is no token. After the end: kEnd again.
  base::Result<Token> Next();

 private:
  char Peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : 0; }
  bool StartsWith(std::string_view prefix) const { return text_.substr(at_).starts_with(prefix); }
  void Advance(size_t bytes);
  base::Status SkipBlanks();
  base::Status ReadInto(Token* token);
  base::Status ReadName(Attribute* attribute);
  base::Status ReadQuotedName(std::string* name);
  base::Status ReadText(Token* token);
  base::Status ReadRawText(Token* token);
  base::Status ReadEscape(std::string* text);
  base::Status ReadNumber(Token* token);
  base::Status ReadWord(Token* token);
  base::Status ReadAttribute(Scope scope, bool of_parent, Token* token);
  base::Status ReadMark(Token* token);
  base::Status Error(std::string_view message) const { return ErrorAt(place_, message); }

  const std::string_view text_;
  size_t at_ = 0;
  Place place_;
};

}  // namespace spandrel::traceql
