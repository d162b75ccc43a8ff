// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "config/words.h"
#include "processors/actions/any_value.h"
#include "processors/actions/attribute_actions.h"
#include "processors/actions/context_value.h"
#include "processors/actions/pattern.h"

namespace spandrel::processors {
namespace {

using Kind = AttributeAction::Kind;
using Target = AttributeAction::Target;

constexpr std::array<std::pair<std::string_view, Kind>, 7> kKinds = {{
    {"insert", Kind::kInsert},
    {"update", Kind::kUpdate},
    {"upsert", Kind::kUpsert},
    {"delete", Kind::kDelete},
    {"hash", Kind::kHash},
    {"extract", Kind::kExtract},
    {"convert", Kind::kConvert},
}};
constexpr std::array<std::pair<std::string_view, Target>, 3> kTargets = {{
    {"string", Target::kString},
    {"int", Target::kInt},
    {"double", Target::kDouble},
}};

// The word under `key` as one of `choices`; anything else is reported. Case does not matter.
template <typename Choices, typename Value>
bool ReadChoice(config::Decoder& decoder, std::string_view key, const Choices& choices,
                Value* value) {
  std::string word;
  decoder.Read(key, &word);
  std::string lower = word;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  std::vector<std::string> words;
  for (const auto& [name, choice] : choices) {
    words.emplace_back(name);
    if (name != lower) continue;
    *value = choice;
    return true;
  }
  const std::string known = config::JoinWords(words, " or ");
  decoder.Error(key, word.empty() ? fmt::format("needed: {}", known)
                                  : fmt::format("{} is none of {}{}", config::Quote(word), known,
                                                config::DidYouMean(word, words)));
  return false;
}

bool IsSet(Kind kind) {
  return kind == Kind::kInsert || kind == Kind::kUpdate || kind == Kind::kUpsert;
}
bool TakesPattern(Kind kind) {
  return kind == Kind::kDelete || kind == Kind::kHash || kind == Kind::kExtract;
}

// Reads one action and reports what does not belong to its kind.
class ActionDecoder {
 public:
  explicit ActionDecoder(config::Decoder& decoder) : decoder_(decoder) {}

  AttributeAction Run() {
    decoder_.Read("key", &action_.key);
    action_.value = ReadAnyValue(decoder_, "value");
    decoder_.Read("from_attribute", &action_.from_attribute);
    decoder_.Read("from_context", &action_.from_context);
    action_.default_value = ReadAnyValue(decoder_, "default_value");
    decoder_.Read("pattern", &pattern_);
    // Reads without a value leave the key known.
    const bool has_target = decoder_.Has("converted_type");
    if (!ReadChoice(decoder_, "action", kKinds, &action_.kind)) {
      return std::move(action_);
    }
    CheckKey();
    IsSet(action_.kind) ? CheckSources() : RefuseSources();
    if (TakesPattern(action_.kind)) {
      ReadPattern();
    } else {
      Refuse("pattern");
    }
    if (action_.kind == Kind::kConvert) {
      ReadChoice(decoder_, "converted_type", kTargets, &action_.converted_type);
    } else if (has_target) {
      Refuse("converted_type");
    }
    return std::move(action_);
  }

 private:
  std::string_view KindName() const {
    return std::find_if(kKinds.begin(), kKinds.end(),
                        [this](const auto& it) { return it.second == action_.kind; })
        ->first;
  }

  void CheckKey() {
    if (!action_.key.empty()) return;
    const bool pattern_will_do = action_.kind == Kind::kDelete || action_.kind == Kind::kHash;
    if (pattern_will_do && !pattern_.empty()) return;
    decoder_.Error("key", fmt::format("'{}' needs a 'key'{}", KindName(),
                                      pattern_will_do ? " or a 'pattern'" : ""));
  }

  void CheckSources() {
    const int sources = (action_.value ? 1 : 0) + (action_.from_attribute.empty() ? 0 : 1) +
                        (action_.from_context.empty() ? 0 : 1);
    if (sources > 1) {
      decoder_.Error("", "'value', 'from_attribute' and 'from_context' exclude each other");
    } else if (sources == 0 && !action_.default_value) {
      decoder_.Error("", fmt::format("'{}' needs one of 'value', 'from_attribute', 'from_context' "
                                     "and 'default_value'",
                                     KindName()));
    }
    if (!action_.from_context.empty() && !IsContextName(action_.from_context)) {
      decoder_.Error("from_context",
                     fmt::format("{} is none of metadata.NAME, client.address, auth.subject and "
                                 "auth.username",
                                 config::Quote(action_.from_context)));
    }
  }

  void RefuseSources() {
    for (const char* key : {"value", "from_attribute", "from_context", "default_value"}) {
      Refuse(key);
    }
  }
  void Refuse(std::string_view key) {
    if (decoder_.Has(key)) {
      decoder_.Error(key, fmt::format("'{}' does not use '{}'", KindName(), key));
    }
  }

  void ReadPattern() {
    if (pattern_.empty()) {
      if (action_.kind == Kind::kExtract) decoder_.Error("pattern", "'extract' needs a 'pattern'");
      return;
    }
    action_.pattern = CompilePattern(decoder_, "pattern", pattern_);
    if (action_.pattern != nullptr && action_.kind == Kind::kExtract) NameGroups();
  }

  void NameGroups() {
    const int count = action_.pattern->NumberOfCapturingGroups();
    action_.groups.resize(static_cast<size_t>(count));
    const auto& names = action_.pattern->CapturingGroupNames();
    for (const auto& [number, name] : names) {
      action_.groups[static_cast<size_t>(number - 1)] = name;
    }
    if (count == 0 || names.size() != static_cast<size_t>(count)) {
      decoder_.Error("pattern",
                     "every group needs a name, and there is at least one: (?P<name>...)");
    }
  }

  config::Decoder& decoder_;
  AttributeAction action_;
  std::string pattern_;
};

}  // namespace

std::vector<AttributeAction> DecodeActions(config::Decoder& decoder, std::string_view key) {
  std::vector<AttributeAction> actions;
  std::vector<config::Decoder> children = decoder.Children(key);
  actions.reserve(children.size());
  for (config::Decoder& child : children) actions.push_back(ActionDecoder(child).Run());
  if (children.empty()) {
    decoder.Error(key, fmt::format("at least one action is needed under '{}'", key));
  }
  return actions;
}

}  // namespace spandrel::processors
