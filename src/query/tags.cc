// SPDX-License-Identifier: Apache-2.0
#include "query/tags.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace spandrel::query {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;
using storage::AttributeField;
using storage::AttributeScope;
using storage::CompareOp;
using storage::Field;
using storage::Intrinsic;
using storage::Predicate;

constexpr std::string_view kResourcePrefix = "resource.";

enum class TagOp : uint8_t {
  kExists,
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kMatches,
  kDoesNotMatch,
};

struct OpSpelling {
  std::string_view text;
  TagOp op;
};

// Longer spellings first: the first that fits is taken.
constexpr OpSpelling kSpellings[] = {
    {"=~", TagOp::kMatches},     {"!~", TagOp::kDoesNotMatch},   {"!=", TagOp::kNotEqual},
    {"<=", TagOp::kLessOrEqual}, {">=", TagOp::kGreaterOrEqual}, {"<", TagOp::kLess},
    {">", TagOp::kGreater},      {"=", TagOp::kEqual},
};

Field FieldOf(std::string_view key) {
  if (key == "span.status") return Intrinsic::kStatus;
  if (key == "span.kind") return Intrinsic::kKind;
  if (key == "scope.name") return Intrinsic::kScopeName;
  if (key == "scope.version") return Intrinsic::kScopeVersion;
  if (key.size() > kResourcePrefix.size() && key.starts_with(kResourcePrefix)) {
    return AttributeField{AttributeScope::kResource,
                          std::string(key.substr(kResourcePrefix.size()))};
  }
  return AttributeField{AttributeScope::kAny, std::string(key)};
}

Predicate StatusIsError() {
  return Predicate::Compare(Intrinsic::kStatus, CompareOp::kTextEqual, std::string("error"));
}

std::optional<storage::Value> ParseNumber(std::string_view text) {
  const char* const end = text.data() + text.size();
  int64_t integer = 0;
  if (const auto [at, error] = std::from_chars(text.data(), end, integer);
      error == std::errc() && at == end) {
    return storage::Value(integer);
  }
  double real = 0;
  const auto [at, error] = std::from_chars(text.data(), end, real);
  if (error != std::errc() || at != end || !std::isfinite(real)) return std::nullopt;
  return storage::Value(real);
}

CompareOp OrderingOf(TagOp op) {
  switch (op) {
    case TagOp::kLess:
      return CompareOp::kLess;
    case TagOp::kLessOrEqual:
      return CompareOp::kLessOrEqual;
    case TagOp::kGreater:
      return CompareOp::kGreater;
    default:
      return CompareOp::kGreaterOrEqual;
  }
}

// One condition as it was written.
struct Condition {
  std::string key;
  TagOp op = TagOp::kExists;
  std::string value;
  size_t value_at = 0;
};

Status ErrorAt(size_t position, std::string_view what) {
  return {StatusCode::kInvalidArgument, fmt::format("tags: {} at position {}", what, position + 1)};
}

Predicate ExistsPredicate(const std::string& key) {
  return key == "error" ? StatusIsError() : Predicate::Exists(FieldOf(key));
}

// The key is there, and no value of it is `value`.
Predicate NotEqualPredicate(const Condition& condition) {
  Predicate differs = Predicate::Not(TagEquals(condition.key, condition.value));
  if (condition.key == "error") return differs;
  return Predicate::And({Predicate::Exists(FieldOf(condition.key)), std::move(differs)});
}

Result<Predicate> OrderingPredicate(const Condition& condition) {
  auto number = ParseNumber(condition.value);
  if (!number) return ErrorAt(condition.value_at, "expected a number");
  return Predicate::Compare(FieldOf(condition.key), OrderingOf(condition.op), std::move(*number));
}

Result<Predicate> RegexPredicate(const Condition& condition) {
  const CompareOp op =
      condition.op == TagOp::kMatches ? CompareOp::kMatches : CompareOp::kDoesNotMatch;
  Predicate predicate = Predicate::Compare(FieldOf(condition.key), op, condition.value);
  if (const Status status = storage::ValidatePredicate(predicate); !status.ok()) {
    return ErrorAt(condition.value_at, status.message());
  }
  return predicate;
}

Result<Predicate> ToPredicate(const Condition& condition) {
  switch (condition.op) {
    case TagOp::kExists:
      return ExistsPredicate(condition.key);
    case TagOp::kEqual:
      return TagEquals(condition.key, condition.value);
    case TagOp::kNotEqual:
      return NotEqualPredicate(condition);
    case TagOp::kMatches:
    case TagOp::kDoesNotMatch:
      return RegexPredicate(condition);
    default:
      return OrderingPredicate(condition);
  }
}

bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool EndsKey(char c) {
  return IsSpace(c) || c == '=' || c == '!' || c == '<' || c == '>' || c == '"';
}

class TagsParser {
 public:
  explicit TagsParser(std::string_view text) : text_(text) {}

  bool AtEnd() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
    return at_ == text_.size();
  }

  Result<Condition> Next() {
    Condition condition;
    auto key = Peek() == '"' ? Quoted() : Result<std::string>(Bare(EndsKey));
    if (!key.ok()) return key.status();
    if (key->empty()) return ErrorAt(at_, "expected a key");
    condition.key = std::move(*key);
    condition.op = Operator();
    condition.value_at = at_;
    if (condition.op != TagOp::kExists) {
      auto value = Peek() == '"' ? Quoted() : Result<std::string>(Bare(IsSpace));
      if (!value.ok()) return value.status();
      condition.value = std::move(*value);
    }
    if (at_ < text_.size() && !IsSpace(text_[at_])) return ErrorAt(at_, "expected a space");
    return condition;
  }

 private:
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  TagOp Operator() {
    const std::string_view rest = text_.substr(at_);
    for (const OpSpelling& spelling : kSpellings) {
      if (!rest.starts_with(spelling.text)) continue;
      at_ += spelling.text.size();
      return spelling.op;
    }
    return TagOp::kExists;
  }

  std::string Bare(bool (*ends)(char)) {
    const size_t start = at_;
    while (at_ < text_.size() && !ends(text_[at_])) ++at_;
    return std::string(text_.substr(start, at_ - start));
  }

  Result<std::string> Quoted() {
    const size_t start = at_++;
    std::string value;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return value;
      if (c != '\\') {
        value.push_back(c);
        continue;
      }
      if (at_ == text_.size()) break;
      value.push_back(Unescape(text_[at_++]));
    }
    return ErrorAt(start, "quote is not closed");
  }

  static char Unescape(char c) {
    switch (c) {
      case 'n':
        return '\n';
      case 't':
        return '\t';
      case 'r':
        return '\r';
      default:
        return c;
    }
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

Predicate TagEquals(std::string_view key, std::string_view value) {
  if (key == "error" && value == "true") return StatusIsError();
  if (key == "error" && value == "false") return Predicate::Not(StatusIsError());
  return Predicate::Compare(FieldOf(key), CompareOp::kTextEqual, std::string(value));
}

Result<Predicate> ParseTags(std::string_view text) {
  if (text.size() > kMaxTagsBytes) {
    return Status(StatusCode::kInvalidArgument,
                  fmt::format("tags: longer than {} bytes", kMaxTagsBytes));
  }
  TagsParser parser(text);
  std::vector<Predicate> all;
  while (!parser.AtEnd()) {
    const auto condition = parser.Next();
    if (!condition.ok()) return condition.status();
    if (all.size() == kMaxTagConditions) {
      return Status(StatusCode::kInvalidArgument,
                    fmt::format("tags: more than {} conditions", kMaxTagConditions));
    }
    auto predicate = ToPredicate(*condition);
    if (!predicate.ok()) return predicate.status();
    all.push_back(std::move(*predicate));
  }
  return Predicate::And(std::move(all));
}

}  // namespace spandrel::query
