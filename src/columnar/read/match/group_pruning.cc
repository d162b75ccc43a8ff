// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "columnar/read/match/group_filter.h"

namespace spandrel::columnar {
namespace {

using storage::Predicate;

constexpr uint8_t kNo = 1;
constexpr uint8_t kYes = 2;

bool LeafMayHold(const Part& part, uint32_t group, const Leaf& leaf, uint32_t index,
                 DictionaryVerdicts& verdicts) {
  if (leaf.source == LeafSource::kScope) return verdicts.AnyScope(index);
  if (leaf.source == LeafSource::kName) return verdicts.AnyName(index);
  if (leaf.wanted_hashes.empty()) return true;
  return std::any_of(leaf.wanted_hashes.begin(), leaf.wanted_hashes.end(),
                     [&](uint64_t hash) { return part.MayHaveValue(group, hash); });
}

bool MayHold(const Part& part, uint32_t group, const Matcher& matcher, const Condition& condition,
             DictionaryVerdicts& verdicts) {
  std::vector<bool> stack;
  for (const ConditionStep& step : condition.steps) {
    if (step.kind == Predicate::Kind::kCompare) {
      stack.push_back(LeafMayHold(part, group, matcher.leaves()[step.leaf], step.leaf, verdicts));
      continue;
    }
    const auto first = stack.end() - static_cast<ptrdiff_t>(step.child_count);
    const bool may = step.kind == Predicate::Kind::kNot ||
                     (step.kind == Predicate::Kind::kAnd
                          ? std::all_of(first, stack.end(), [](bool child) { return child; })
                          : std::any_of(first, stack.end(), [](bool child) { return child; }));
    stack.erase(first, stack.end());
    stack.push_back(may);
  }
  return stack.back();
}

}  // namespace

DictionaryVerdicts::DictionaryVerdicts(const Matcher& matcher,
                                       std::shared_ptr<const Dictionary> dictionary)
    : matcher_(matcher),
      dictionary_(std::move(dictionary)),
      probe_(SharedChunk(*dictionary_)),
      scopes_(matcher.leaves().size()),
      names_(matcher.leaves().size()) {
  probe_.spans.resize(1);
  for (size_t leaf = 0; leaf < matcher.leaves().size(); ++leaf) {
    const LeafSource source = matcher.leaves()[leaf].source;
    if (source == LeafSource::kScope) scopes_[leaf].resize(dictionary_->scopes.size());
    if (source == LeafSource::kName) names_[leaf].resize(dictionary_->names.size());
    texts_.emplace_back(matcher.leaves()[leaf]);
  }
}

bool DictionaryVerdicts::Scope(uint32_t leaf, uint32_t scope) {
  uint8_t& memo = scopes_[leaf][scope];
  if (memo == 0) {
    probe_.spans[0].scope = scope;
    memo = Ask(leaf) ? kYes : kNo;
  }
  return memo == kYes;
}

bool DictionaryVerdicts::Name(uint32_t leaf, uint32_t name) {
  uint8_t& memo = names_[leaf][name];
  if (memo == 0) {
    probe_.spans[0].name = dictionary_->names[name];
    memo = Ask(leaf) ? kYes : kNo;
  }
  return memo == kYes;
}

bool DictionaryVerdicts::KindAndStatus(uint32_t leaf, const Template& made) {
  probe_.spans[0].kind = made.kind;
  probe_.spans[0].status = made.status;
  return Ask(leaf);
}

bool DictionaryVerdicts::AnyScope(uint32_t leaf) {
  for (uint32_t i = 0; i < scopes_[leaf].size(); ++i) {
    if (Scope(leaf, i)) return true;
  }
  return false;
}

bool DictionaryVerdicts::AnyName(uint32_t leaf) {
  for (uint32_t i = 0; i < names_[leaf].size(); ++i) {
    if (Name(leaf, i)) return true;
  }
  return false;
}

bool DictionaryVerdicts::Ask(uint32_t leaf) {
  return matcher_.leaves()[leaf].evaluator->Matches(span::SpanRef(probe_, 0));
}

bool GroupMayMatch(const Part& part, uint32_t group, const Matcher& matcher,
                   DictionaryVerdicts& verdicts) {
  return std::all_of(matcher.conditions().begin(), matcher.conditions().end(),
                     [&](const Condition& condition) {
                       return MayHold(part, group, matcher, condition, verdicts);
                     });
}

}  // namespace spandrel::columnar
