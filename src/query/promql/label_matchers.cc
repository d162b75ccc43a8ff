// SPDX-License-Identifier: Apache-2.0
#include "query/promql/label_matchers.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "promql/lexer.h"

namespace spandrel::query {
namespace {

using base::Result;
using base::Status;
using promql::Matcher;
using promql::MatchOp;
using storage::CompareOp;

bool IsRegex(const Matcher& matcher) {
  return matcher.op == MatchOp::kMatches || matcher.op == MatchOp::kDoesNotMatch;
}

// Of a match of the whole value.
std::string PatternOf(const Matcher& matcher) {
  return "^(?s:" + matcher.value + ")$";
}

CompareOp CompareOpOf(MatchOp op) {
  constexpr std::array<CompareOp, 4> kOps = {CompareOp::kEqual, CompareOp::kNotEqual,
                                             CompareOp::kMatches, CompareOp::kDoesNotMatch};
  return kOps[static_cast<size_t>(op)];
}

// Which of them does not compile by itself.
Status WrongOne(const promql::Selector& selector, const Status& all) {
  for (const Matcher& matcher : selector.matchers) {
    if (!IsRegex(matcher)) continue;
    const std::string pattern = PatternOf(matcher);
    const std::string_view view = pattern;
    const auto compiled = storage::Regexes::Compile({&view, 1});
    if (compiled.ok()) continue;
    return promql::ErrorAt(matcher.place, compiled.status().message());
  }
  return all;
}

}  // namespace

Result<LabelMatchers> LabelMatchers::Make(const storage::QueryContext& context,
                                          const promql::Selector& selector) {
  std::vector<std::string> patterns;
  for (const Matcher& matcher : selector.matchers) {
    if (IsRegex(matcher)) patterns.push_back(PatternOf(matcher));
  }
  const std::vector<std::string_view> views(patterns.begin(), patterns.end());
  auto regexes = storage::Regexes::Compile(context, views);
  if (!regexes.ok()) {
    const bool is_wrong = regexes.status().code() == base::StatusCode::kInvalidArgument;
    return is_wrong ? WrongOne(selector, regexes.status()) : regexes.status();
  }
  LabelMatchers matchers;
  matchers.selector_ = &selector;
  matchers.regexes_ = *std::move(regexes);
  return matchers;
}

bool LabelMatchers::HoldsOf(const Matcher& matcher, std::string_view value) const {
  if (!IsRegex(matcher)) return (value == matcher.value) == (matcher.op == MatchOp::kEqual);
  const re2::RE2* const regex = regexes_->Find(PatternOf(matcher));
  const bool matches = re2::RE2::PartialMatch({value.data(), value.size()}, *regex);
  return matches == (matcher.op == MatchOp::kMatches);
}

bool LabelMatchers::Hold(std::string_view label, std::string_view value) const {
  return std::all_of(
      selector_->matchers.begin(), selector_->matchers.end(),
      [&](const Matcher& matcher) { return matcher.label != label || HoldsOf(matcher, value); });
}

bool LabelMatchers::HoldWithout(const std::vector<std::string_view>& labels) const {
  return std::all_of(
      selector_->matchers.begin(), selector_->matchers.end(), [&](const Matcher& matcher) {
        if (matcher.label == promql::kNameLabel || matcher.label == promql::kBoundLabel)
          return true;
        const bool is_there =
            std::find(labels.begin(), labels.end(), matcher.label) != labels.end();
        return is_there || HoldsOf(matcher, "");
      });
}

void LabelMatchers::AppendConditions(std::string_view label, const storage::Field& field,
                                     std::vector<storage::Predicate>* conditions) const {
  for (const Matcher& matcher : selector_->matchers) {
    if (matcher.label != label) continue;
    conditions->push_back(storage::Predicate::Compare(
        field, CompareOpOf(matcher.op), IsRegex(matcher) ? PatternOf(matcher) : matcher.value));
  }
}

}  // namespace spandrel::query
