// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "config/document.h"

namespace spandrel::config {
namespace {

bool IsOneOf(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// The base that Go's strconv.ParseInt(s, 0, 64) takes from the prefix, which is removed.
int TakeBase(std::string_view* digits) {
  if (digits->size() < 2 || digits->front() != '0') return 10;
  const char mark = (*digits)[1];
  if (mark == 'x' || mark == 'X') return digits->remove_prefix(2), 16;
  if (mark == 'o' || mark == 'O') return digits->remove_prefix(2), 8;
  if (mark == 'b' || mark == 'B') return digits->remove_prefix(2), 2;
  digits->remove_prefix(1);
  return 8;
}

std::optional<int64_t> ParseInt(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const int base = TakeBase(&text);
  uint64_t magnitude = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), magnitude, base);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  const uint64_t limit = static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) + negative;
  if (magnitude > limit) return std::nullopt;
  return static_cast<int64_t>(negative ? ~magnitude + 1 : magnitude);
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
std::optional<double> ParseFloat(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const bool starts_right =
      !text.empty() &&
      (IsDigit(text[0]) || (text.size() > 1 && text[0] == '.' && IsDigit(text[1])));
  if (!starts_right) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return negative ? -value : value;
}

std::optional<double> NamedFloat(std::string_view text) {
  if (IsOneOf(text, {".nan", ".NaN", ".NAN"})) return std::numeric_limits<double>::quiet_NaN();
  if (IsOneOf(text, {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"})) return HUGE_VAL;
  if (IsOneOf(text, {"-.inf", "-.Inf", "-.INF"})) return -HUGE_VAL;
  return std::nullopt;
}

void SetNumber(std::string_view text, Node* node) {
  std::string digits(text);
  std::erase(digits, '_');
  if (const auto integer = ParseInt(digits)) {
    node->kind = NodeKind::kInt;
    node->integer = *integer;
    node->number = static_cast<double>(*integer);
  } else if (const auto number = ParseFloat(digits)) {
    node->kind = NodeKind::kFloat;
    node->number = *number;
  }
}

}  // namespace

Node PlainScalar(std::string_view text, Location where) {
  Node node;
  node.where = std::move(where);
  node.text = text;
  node.kind = NodeKind::kString;
  if (IsOneOf(text, {"", "~", "null", "Null", "NULL"})) {
    node.kind = NodeKind::kNull;
  } else if (IsOneOf(text, {"true", "True", "TRUE", "false", "False", "FALSE"})) {
    node.kind = NodeKind::kBool;
    node.boolean = text[0] == 't' || text[0] == 'T';
  } else if (const auto named = NamedFloat(text)) {
    node.kind = NodeKind::kFloat;
    node.number = *named;
  } else if (IsDigit(text[0]) || IsOneOf(text.substr(0, 1), {"+", "-", "."})) {
    SetNumber(text, &node);
  }
  return node;
}

}  // namespace spandrel::config
