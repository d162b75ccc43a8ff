// SPDX-License-Identifier: Apache-2.0
#include "promql/lexer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "base/hex.h"
#include "base/utf8.h"

namespace spandrel::promql {

using base::Status;

namespace {

constexpr uint64_t kMilli = 1'000'000;
constexpr uint64_t kSecond = 1'000 * kMilli;
constexpr uint64_t kDay = 86'400 * kSecond;
constexpr uint64_t kMostDuration = 100 * 365 * kDay;

struct Unit {
  std::string_view name;
  uint64_t nanoseconds;
};
constexpr std::array<Unit, 7> kUnits = {{{"y", 365 * kDay},
                                         {"w", 7 * kDay},
                                         {"d", kDay},
                                         {"h", 3'600 * kSecond},
                                         {"m", 60 * kSecond},
                                         {"s", kSecond},
                                         {"ms", kMilli}}};

// Longer ones before those that they begin with.
constexpr std::array<std::string_view, 23> kMarks = {"==", "!=", "=~", "!~", ">=", "<=", "{", "}",
                                                     "(",  ")",  "[",  "]",  ",",  "=",  ">", "<",
                                                     "+",  "-",  "*",  "/",  "%",  "^",  "@"};

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

bool IsWordByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' || IsDigit(c);
}

void AppendUtf8(uint32_t code, std::string* text) {
  const auto add = [text](uint32_t byte) { text->push_back(static_cast<char>(byte)); };
  if (code < 0x80) return add(code);
  if (code < 0x800) {
    add(0xC0 | code >> 6);
    return add(0x80 | (code & 0x3F));
  }
  if (code < 0x10000) {
    add(0xE0 | code >> 12);
  } else {
    add(0xF0 | code >> 18);
    add(0x80 | (code >> 12 & 0x3F));
  }
  add(0x80 | (code >> 6 & 0x3F));
  add(0x80 | (code & 0x3F));
}

bool IsCharacter(uint32_t code) {
  return code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
}

// The digits in front; at most what fits a duration in milliseconds.
bool TakeNumber(std::string_view* text, uint64_t* number) {
  size_t digits = 0;
  for (; digits < text->size() && IsDigit((*text)[digits]); ++digits) {
    *number = *number * 10 + static_cast<uint64_t>((*text)[digits] - '0');
    if (*number > kMostDuration / kMilli) return false;
  }
  text->remove_prefix(digits);
  return digits > 0;
}

}  // namespace

Status ErrorAt(Place place, std::string_view message) {
  std::string text = std::to_string(place.line) + ":" + std::to_string(place.column) + ": ";
  return {base::StatusCode::kInvalidArgument, text.append(message)};
}

bool ParseDuration(std::string_view text, uint64_t* nanoseconds) {
  *nanoseconds = 0;
  if (text.empty()) return false;
  size_t next_unit = 0;
  while (!text.empty()) {
    uint64_t number = 0;
    if (!TakeNumber(&text, &number)) return false;
    const size_t end = std::min(text.find_first_of("0123456789"), text.size());
    const auto* const unit =
        std::find_if(kUnits.begin() + next_unit, kUnits.end(),
                     [&](const Unit& known) { return known.name == text.substr(0, end); });
    if (unit == kUnits.end() || number > kMostDuration / unit->nanoseconds) return false;
    *nanoseconds += number * unit->nanoseconds;
    if (*nanoseconds > kMostDuration) return false;
    next_unit = static_cast<size_t>(unit - kUnits.begin()) + 1;
    text.remove_prefix(end);
  }
  return true;
}

void Lexer::Advance(size_t bytes) {
  for (size_t i = 0; i < bytes; ++i, ++at_) {
    ++place_.column;
    if (text_[at_] == '\n') place_ = {place_.line + 1, 1};
  }
}

void Lexer::SkipBlanks() {
  while (at_ < text_.size()) {
    if (Peek() == '#') {
      while (at_ < text_.size() && Peek() != '\n') Advance(1);
    } else if (std::string_view(" \t\r\n").find(Peek()) != std::string_view::npos) {
      Advance(1);
    } else {
      return;
    }
  }
}

base::Result<Token> Lexer::Next() {
  SkipBlanks();
  Token token;
  token.place = place_;
  const size_t begin = at_;
  if (at_ < text_.size()) SPANDREL_RETURN_IF_ERROR(ReadInto(&token));
  token.text = text_.substr(begin, at_ - begin);
  return token;
}

Status Lexer::ReadInto(Token* token) {
  const char c = Peek();
  if (c == '"' || c == '\'' || c == '`') return ReadText(token);
  if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) return ReadNumber(token);
  if (!IsWordByte(c)) return ReadMark(token);
  token->kind = TokenKind::kWord;
  while (IsWordByte(Peek())) Advance(1);
  return {};
}

Status Lexer::ReadMark(Token* token) {
  token->kind = TokenKind::kMark;
  for (const std::string_view mark : kMarks) {
    if (!text_.substr(at_).starts_with(mark)) continue;
    Advance(mark.size());
    return {};
  }
  const size_t size = std::max<size_t>(1, base::Utf8SequenceSize(text_.substr(at_)));
  return Error("'" + std::string(text_.substr(at_, size)) + "' has no meaning here");
}

// A duration is a number whose end is a unit. `5m:` ends before the colon.
Status Lexer::ReadNumber(Token* token) {
  const Place begin = place_;
  const size_t from = at_;
  while ((IsWordByte(Peek()) && Peek() != ':') || Peek() == '.' ||
         ((Peek() == '+' || Peek() == '-') && (text_[at_ - 1] | 0x20) == 'e' && IsDigit(Peek(1)) &&
          (text_[from + 1] | 0x20) != 'x')) {
    Advance(1);
  }
  const std::string all(text_.substr(from, at_ - from));
  if (ParseDuration(all, &token->duration_nano)) {
    token->kind = TokenKind::kDuration;
    return {};
  }
  token->kind = TokenKind::kNumber;
  char* end = nullptr;
  token->number = std::strtod(all.c_str(), &end);
  if (end == all.c_str() + all.size()) return {};
  return ErrorAt(begin, "'" + all + "' is no number and no duration like 1h30m");
}

Status Lexer::ReadText(Token* token) {
  const Place begin = place_;
  const char quote = Peek();
  token->kind = TokenKind::kText;
  Advance(1);
  while (at_ < text_.size() && (quote == '`' || Peek() != '\n')) {
    const char c = Peek();
    Advance(1);
    if (c == quote) return {};
    if (c == '\\' && quote != '`') {
      SPANDREL_RETURN_IF_ERROR(ReadEscape(quote, &token->content));
    } else {
      token->content.push_back(c);
    }
  }
  return ErrorAt(begin, "the text does not end");
}

// As Go's strings have them; the backslash is behind us.
Status Lexer::ReadEscape(char quote, std::string* text) {
  constexpr std::string_view kLetters = "abfnrtv\\";
  constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\";
  const char c = Peek();
  const size_t letter = c == 0 ? std::string_view::npos : kLetters.find(c);
  if (letter != std::string_view::npos || (c == quote && c != 0)) {
    text->push_back(c == quote ? quote : kMeanings[letter]);
    Advance(1);
    return {};
  }
  if (c != 'x' && c != 'u' && c != 'U') return ReadOctal(text);
  Advance(1);
  return ReadCode(c == 'x' ? 2 : c == 'u' ? 4 : 8, c == 'x', text);
}

Status Lexer::ReadOctal(std::string* text) {
  uint32_t byte = 0;
  for (size_t i = 0; i < 3; ++i) {
    const char digit = Peek(i);
    if (digit < '0' || digit > '7') return Error("unknown escape in a text");
    byte = byte * 8 + static_cast<uint32_t>(digit - '0');
  }
  if (byte > 0xFF) return Error("unknown escape in a text");
  text->push_back(static_cast<char>(byte));
  Advance(3);
  return {};
}

Status Lexer::ReadCode(size_t digits, bool is_byte, std::string* text) {
  uint32_t code = 0;
  for (size_t i = 0; i < digits; ++i) {
    const int digit = base::HexDigitValue(Peek(i));
    if (digit < 0) return Error("expected a hexadecimal digit");
    code = code << 4 | static_cast<uint32_t>(digit);
  }
  if (!is_byte && !IsCharacter(code)) return Error("that is no character");
  if (is_byte) {
    text->push_back(static_cast<char>(code));
  } else {
    AppendUtf8(code, text);
  }
  Advance(digits);
  return {};
}

}  // namespace spandrel::promql
