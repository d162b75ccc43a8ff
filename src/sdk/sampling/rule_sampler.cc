// SPDX-License-Identifier: Apache-2.0
#include "sdk/sampling/rule_sampler.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "opentelemetry/nostd/variant.h"

namespace spandrel::sdk {
namespace {

namespace common = opentelemetry::common;
namespace nostd = opentelemetry::nostd;

// The text of a value that is no array.
struct ValueText {
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(const char* value) const { return value; }
  std::string operator()(nostd::string_view value) const { return {value.data(), value.size()}; }
  template <typename T>
  std::string operator()(const nostd::span<T>&) const {
    return {};
  }
  template <typename T>
  std::string operator()(T value) const {
    return fmt::format("{}", value);
  }
};

bool HasAttribute(const common::KeyValueIterable& attributes, std::string_view wanted,
                  std::string_view pattern) {
  bool matches = false;
  attributes.ForEachKeyValue([&](nostd::string_view key, common::AttributeValue value) noexcept {
    if (std::string_view(key.data(), key.size()) != wanted) return true;
    matches = MatchesPattern(pattern, nostd::visit(ValueText(), value));
    return true;
  });
  return matches;
}

bool Matches(const SamplerRule& rule, const SamplingInput& input) {
  if (rule.kind && *rule.kind != input.kind) return false;
  if (!rule.name.empty() && !MatchesPattern(rule.name, input.name)) return false;
  return std::all_of(rule.attributes.begin(), rule.attributes.end(), [&input](const auto& pair) {
    return input.attributes != nullptr && HasAttribute(*input.attributes, pair.first, pair.second);
  });
}

}  // namespace

// Goes back to the last star only, so that the work is bounded by the product of the lengths.
bool MatchesPattern(std::string_view pattern, std::string_view text) {
  size_t p = 0;
  size_t t = 0;
  size_t star = std::string_view::npos;
  size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

SampleResult RuleSampler::Sample(const SamplingInput& input) const {
  for (const Rule& rule : rules_) {
    if (!Matches(rule.conditions, input)) continue;
    SampleResult result = rule.sampler->Sample(input);
    if (!result.sampled) return result;
    for (const auto& [key, value] : rule.conditions.added_attributes) {
      result.attributes.emplace_back(key, value);
    }
    return result;
  }
  return {};
}

}  // namespace spandrel::sdk
