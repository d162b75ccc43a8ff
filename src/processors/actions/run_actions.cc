// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <charconv>
#include <cmath>
#include <string_view>

#include "processors/actions/attribute_actions.h"
#include "processors/actions/context_value.h"
#include "processors/actions/sha256.h"

namespace spandrel::processors {
namespace {

using Kind = AttributeAction::Kind;
using Target = AttributeAction::Target;
using span::AttributeList;
using span::ValueType;
using span::ValueView;

// What a value's bytes are for its hash; empty for what has none.
std::string HashedBytes(const ValueView& value) {
  const auto little_endian = [](uint64_t word) {
    return std::string(reinterpret_cast<const char*>(&word), sizeof(word));
  };
  switch (value.type()) {
    case ValueType::kString:
      return std::string(value.bytes());
    case ValueType::kBool:
      return std::string(1, value.as_bool() ? '\1' : '\0');
    case ValueType::kInt:
      return little_endian(static_cast<uint64_t>(value.as_int()));
    case ValueType::kDouble:
      return little_endian(std::bit_cast<uint64_t>(value.as_double()));
    default:
      return {};
  }
}

std::string HashOf(const ValueView& value) {
  const std::string bytes = HashedBytes(value);
  return bytes.empty() ? std::string() : Sha256Hex(bytes);
}

void Set(const AttributeAction& action, const std::optional<std::string>& context_value,
         AttributeList& attributes) {
  if (action.kind != Kind::kUpsert) {
    const bool present = attributes.Find(action.key).has_value();
    if (present != (action.kind == Kind::kUpdate)) return;
  }
  if (action.value) return attributes.SetMessage(action.key, *action.value);
  if (context_value) return attributes.SetText(action.key, *context_value);
  if (!action.from_attribute.empty()) {
    if (const auto value = attributes.FindMessage(action.from_attribute)) {
      return attributes.SetMessage(action.key, *value);
    }
  }
  if (action.default_value) attributes.SetMessage(action.key, *action.default_value);
}

bool Matches(const AttributeAction& action, std::string_view key) {
  if (!action.key.empty() && key == action.key) return true;
  return action.pattern != nullptr && re2::RE2::PartialMatch(key, *action.pattern);
}

void Extract(const AttributeAction& action, AttributeList& attributes) {
  const auto value = attributes.Find(action.key);
  if (!value || value->type() != ValueType::kString) return;
  std::vector<re2::StringPiece> found(action.groups.size() + 1);
  if (!action.pattern->Match(value->bytes(), 0, value->bytes().size(), re2::RE2::UNANCHORED,
                             found.data(), static_cast<int>(found.size()))) {
    return;
  }
  for (size_t i = 0; i < action.groups.size(); ++i) {
    attributes.SetText(action.groups[i], {found[i + 1].data(), found[i + 1].size()});
  }
}

template <typename Number>
std::optional<Number> ParseNumber(std::string_view text) {
  // from_chars takes no plus.
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

std::optional<int64_t> ToInt(const ValueView& value) {
  switch (value.type()) {
    case ValueType::kBool:
      return value.as_bool() ? 1 : 0;
    case ValueType::kString:
      return ParseNumber<int64_t>(value.bytes());
    case ValueType::kDouble: {
      const double number = std::trunc(value.as_double());
      if (!(number >= -0x1p63 && number < 0x1p63)) return std::nullopt;
      return static_cast<int64_t>(number);
    }
    default:
      return std::nullopt;
  }
}

std::optional<double> ToDouble(const ValueView& value) {
  switch (value.type()) {
    case ValueType::kBool:
      return value.as_bool() ? 1 : 0;
    case ValueType::kInt:
      return static_cast<double>(value.as_int());
    case ValueType::kString:
      return ParseNumber<double>(value.bytes());
    default:
      return std::nullopt;
  }
}

// False when the value cannot become that.
bool Convert(const AttributeAction& action, AttributeList& attributes) {
  const auto value = attributes.Find(action.key);
  if (!value) return true;
  switch (action.converted_type) {
    case Target::kString:
      if (value->type() != ValueType::kString) attributes.SetText(action.key, value->ToText());
      return true;
    case Target::kInt:
      if (value->type() == ValueType::kInt) return true;
      if (const auto number = ToInt(*value)) return attributes.SetInt(action.key, *number), true;
      return false;
    case Target::kDouble:
      if (value->type() == ValueType::kDouble) return true;
      if (const auto number = ToDouble(*value)) {
        return attributes.SetDouble(action.key, *number), true;
      }
      return false;
  }
  return false;
}

}  // namespace

ActionRun::ActionRun(const std::vector<AttributeAction>& actions, const signal::Origin* origin,
                     base::Counter& unconverted)
    : actions_(actions), unconverted_(unconverted) {
  for (const AttributeAction& action : actions) {
    context_values_.push_back(
        action.from_context.empty() ? std::nullopt : ContextValue(origin, action.from_context));
  }
}

void ActionRun::Apply(AttributeList& attributes) const {
  for (size_t i = 0; i < actions_.size(); ++i) {
    const AttributeAction& action = actions_[i];
    const auto matches = [&action](std::string_view key) { return Matches(action, key); };
    switch (action.kind) {
      case Kind::kInsert:
      case Kind::kUpdate:
      case Kind::kUpsert:
        Set(action, context_values_[i], attributes);
        break;
      case Kind::kDelete:
        attributes.EraseIf(matches);
        break;
      case Kind::kHash:
        attributes.Replace([&](std::string_view key, const ValueView& value) {
          return matches(key) ? std::optional(HashOf(value)) : std::nullopt;
        });
        break;
      case Kind::kExtract:
        Extract(action, attributes);
        break;
      case Kind::kConvert:
        if (!Convert(action, attributes)) unconverted_.Add();
        break;
    }
  }
}

}  // namespace spandrel::processors
