// SPDX-License-Identifier: Apache-2.0
#include "traceql/lexer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "base/go_escape.h"
#include "base/utf8.h"
#include "traceql/duration.h"
#include "traceql/words.h"

namespace spandrel::traceql {

using base::Status;

namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

bool IsWordByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || IsDigit(c);
}

// The bytes that durations are written with, after their first number.
bool IsDurationByte(char c) {
  return IsDigit(c) || std::string_view(".nsumhdwy\xC2\xB5\xCE\xBC").find(c) != std::string::npos;
}

// Longer ones before those that they begin with.
constexpr std::array<std::string_view, 36> kMarks = {
    "!>>", "!<<", "&>>", "&<<", "!>", "!<", "!~", "!=", "&>", "&<", "&~", "&&",
    "||",  ">>",  "<<",  ">=",  "<=", "=~", "==", "{",  "}",  "(",  ")",  ",",
    "=",   ">",   "<",   "+",   "-",  "*",  "/",  "%",  "^",  "!",  "~",  "|"};

}  // namespace

Status ErrorAt(Place place, std::string_view message) {
  std::string text = std::to_string(place.line) + ":" + std::to_string(place.column) + ": ";
  return {base::StatusCode::kInvalidArgument, text.append(message)};
}

void Lexer::Advance(size_t bytes) {
  for (size_t i = 0; i < bytes; ++i, ++at_) {
    ++place_.column;
    if (text_[at_] == '\n') place_ = {place_.line + 1, 1};
  }
}

Status Lexer::SkipBlanks() {
  while (at_ < text_.size()) {
    if (std::string_view(" \t\r\n").find(Peek()) != std::string_view::npos) {
      Advance(1);
    } else if (StartsWith("//")) {
      while (at_ < text_.size() && Peek() != '\n') Advance(1);
    } else if (StartsWith("/*")) {
      const size_t end = text_.find("*/", at_ + 2);
      if (end == std::string_view::npos) return Error("the comment does not end");
      Advance(end + 2 - at_);
    } else {
      break;
    }
  }
  return {};
}

base::Result<Token> Lexer::Next() {
  SPANDREL_RETURN_IF_ERROR(SkipBlanks());
  Token token;
  token.place = place_;
  const size_t begin = at_;
  if (at_ < text_.size()) SPANDREL_RETURN_IF_ERROR(ReadInto(&token));
  token.text = text_.substr(begin, at_ - begin);
  token.end = at_;
  return token;
}

Status Lexer::ReadInto(Token* token) {
  const char c = Peek();
  if (c == '"') return ReadText(token);
  if (c == '`') return ReadRawText(token);
  if (c == '\'') return Error("texts stand in double quotes or backquotes, not in single quotes");
  if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) return ReadNumber(token);
  if (c == '.') {
    Advance(1);
    return ReadAttribute(Scope::kUnscoped, false, token);
  }
  if (IsWordByte(c)) return ReadWord(token);
  return ReadMark(token);
}

Status Lexer::ReadMark(Token* token) {
  for (const std::string_view mark : kMarks) {
    if (!StartsWith(mark)) continue;
    if (mark == "==") return Error("'==' is not an operator; did you mean '='?");
    Advance(mark.size());
    token->kind = TokenKind::kMark;
    return {};
  }
  const size_t size = std::max<size_t>(1, base::Utf8SequenceSize(text_.substr(at_)));
  return Error("'" + std::string(text_.substr(at_, size)) + "' has no meaning here");
}

// Scopes of attributes end with a dot, those of intrinsics with a colon.
Status Lexer::ReadWord(Token* token) {
  const size_t begin = at_;
  while (IsWordByte(Peek())) Advance(1);
  token->kind = TokenKind::kWord;
  if (Peek() == ':') {
    Advance(1);
    while (IsWordByte(Peek())) Advance(1);
    return {};
  }
  if (Peek() != '.') return {};
  const std::string_view prefix = text_.substr(begin, at_ + 1 - begin);
  if (prefix == "parent.") {
    Advance(1);
    for (const Scope scope : {Scope::kSpan, Scope::kResource}) {
      if (!StartsWith(ScopePrefix(scope))) continue;
      Advance(ScopePrefix(scope).size());
      return ReadAttribute(scope, true, token);
    }
    return ReadAttribute(Scope::kUnscoped, true, token);
  }
  for (const Scope scope :
       {Scope::kSpan, Scope::kResource, Scope::kEvent, Scope::kLink, Scope::kInstrumentation}) {
    if (prefix != ScopePrefix(scope)) continue;
    Advance(1);
    return ReadAttribute(scope, false, token);
  }
  return {};
}

Status Lexer::ReadAttribute(Scope scope, bool of_parent, Token* token) {
  token->kind = TokenKind::kField;
  token->attribute.scope = scope;
  token->attribute.of_parent = of_parent;
  return ReadName(&token->attribute);
}

Status Lexer::ReadName(Attribute* attribute) {
  bool is_quoted = false;
  while (at_ < text_.size() && (Peek() == '"' || IsNameByte(Peek()))) {
    if (Peek() == '"') {
      is_quoted = true;
      SPANDREL_RETURN_IF_ERROR(ReadQuotedName(&attribute->key));
    } else {
      attribute->key.push_back(Peek());
      Advance(1);
    }
  }
  if (attribute->key.empty() && !is_quoted) return Error("expected the name of an attribute");
  return {};
}

Status Lexer::ReadQuotedName(std::string* name) {
  const Place begin = place_;
  for (Advance(1); at_ < text_.size(); Advance(1)) {
    if (Peek() == '"') {
      Advance(1);
      return {};
    }
    if (Peek() == '\\') {
      Advance(1);
      if (Peek() != '"' && Peek() != '\\') {
        return Error("in a quoted name a backslash stands before '\"' or '\\' only");
      }
    }
    if (at_ < text_.size()) name->push_back(Peek());
  }
  return ErrorAt(begin, "the quoted name does not end");
}

Status Lexer::ReadText(Token* token) {
  const Place begin = place_;
  std::string text;
  Advance(1);
  while (at_ < text_.size() && Peek() != '\n') {
    const char c = Peek();
    Advance(1);
    if (c == '"') {
      token->kind = TokenKind::kConstant;
      token->constant = Static::OfText(Type::kString, std::move(text));
      return {};
    }
    if (c == '\\') {
      SPANDREL_RETURN_IF_ERROR(ReadEscape(&text));
    } else {
      text.push_back(c);
    }
  }
  return ErrorAt(begin, "the text does not end");
}

Status Lexer::ReadRawText(Token* token) {
  const size_t end = text_.find('`', at_ + 1);
  if (end == std::string_view::npos) return Error("the text does not end");
  std::string text;
  for (const char c : text_.substr(at_ + 1, end - at_ - 1)) {
    if (c != '\r') text.push_back(c);
  }
  token->kind = TokenKind::kConstant;
  token->constant = Static::OfText(Type::kString, std::move(text));
  Advance(end + 1 - at_);
  return {};
}

// The backslash is behind us.
Status Lexer::ReadEscape(std::string* text) {
  std::string_view rest = text_.substr(at_);
  const Status status = base::TakeGoEscape(&rest, '"', text);
  Advance(text_.size() - at_ - rest.size());
  return status.ok() ? status : Error(status.message());
}

Status Lexer::ReadNumber(Token* token) {
  token->kind = TokenKind::kConstant;
  const Place begin = place_;
  const size_t from = at_;
  while (IsDigit(Peek())) Advance(1);
  bool is_float = false;
  if (Peek() == '.') {
    is_float = true;
    Advance(1);
    while (IsDigit(Peek())) Advance(1);
  }
  const size_t sign = Peek(1) == '+' || Peek(1) == '-' ? 1 : 0;
  if ((Peek() == 'e' || Peek() == 'E') && IsDigit(Peek(1 + sign))) {
    is_float = true;
    Advance(1 + sign);
    while (IsDigit(Peek())) Advance(1);
  }
  const size_t end = at_;
  while (at_ < text_.size() && IsDurationByte(Peek())) Advance(1);
  const std::string_view all = text_.substr(from, at_ - from);
  if (at_ > end) {
    const auto duration = ParseDuration(all);
    if (!duration || IsWordByte(Peek())) {
      return ErrorAt(begin, "'" + std::string(all) + "' is no number and no duration like 1h30m");
    }
    token->constant = Static::OfDuration(*duration);
    return {};
  }
  if (IsWordByte(Peek())) return ErrorAt(begin, "a number is followed by a letter");
  if (is_float) {
    const double number = std::strtod(std::string(all).c_str(), nullptr);
    if (std::isinf(number)) return ErrorAt(begin, "the number does not fit 64 bits");
    token->constant = Static::OfFloat(number);
    return {};
  }
  int64_t whole = 0;
  const auto [stop, error] = std::from_chars(all.data(), all.data() + all.size(), whole);
  if (error != std::errc()) return ErrorAt(begin, "the number does not fit 64 bits");
  token->constant = Static::OfInt(whole);
  return {};
}

}  // namespace spandrel::traceql
