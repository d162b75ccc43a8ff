// SPDX-License-Identifier: Apache-2.0
#include "promql/lexer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "base/go_escape.h"
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

// The backslash is behind us.
Status Lexer::ReadEscape(char quote, std::string* text) {
  std::string_view rest = text_.substr(at_);
  const Status status = base::TakeGoEscape(&rest, quote, text);
  Advance(text_.size() - at_ - rest.size());
  return status.ok() ? status : Error(status.message());
}

}  // namespace spandrel::promql
