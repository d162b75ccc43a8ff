// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/match/matcher.h"

#include <algorithm>

#include "columnar/part/format/value_filter.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using storage::AttributeScope;
using storage::CompareOp;
using storage::Intrinsic;
using storage::Predicate;

LeafSource SourceOf(Intrinsic intrinsic) {
  switch (intrinsic) {
    case Intrinsic::kServiceName:
    case Intrinsic::kScopeName:
    case Intrinsic::kScopeVersion:
      return LeafSource::kScope;
    case Intrinsic::kName:
      return LeafSource::kName;
    case Intrinsic::kKind:
    case Intrinsic::kStatus:
      return LeafSource::kTemplate;
    case Intrinsic::kStartTime:
    case Intrinsic::kDuration:
      return LeafSource::kTime;
    case Intrinsic::kTraceState:
    case Intrinsic::kStatusMessage:
      return LeafSource::kText;
    case Intrinsic::kEventName:
    case Intrinsic::kEventTimeSinceStart:
      return LeafSource::kEvents;
    case Intrinsic::kLinkTraceId:
    case Intrinsic::kLinkSpanId:
      return LeafSource::kLinks;
    default:
      break;
  }
  return LeafSource::kIds;
}

LeafSource SourceOf(const storage::Field& field) {
  if (const auto* intrinsic = std::get_if<Intrinsic>(&field)) return SourceOf(*intrinsic);
  switch (std::get<storage::AttributeField>(field).scope) {
    case AttributeScope::kResource:
    case AttributeScope::kInstrumentation:
      return LeafSource::kScope;
    case AttributeScope::kEvent:
      return LeafSource::kEvents;
    case AttributeScope::kLink:
      return LeafSource::kLinks;
    default:
      return LeafSource::kAttribute;
  }
}

bool IsPayload(LeafSource source) {
  return source >= LeafSource::kAttribute && source != LeafSource::kIds;
}

bool IsLeaf(const Predicate& predicate) {
  return predicate.kind == Predicate::Kind::kCompare || predicate.kind == Predicate::Kind::kExists;
}

// The conditions that must all hold: `predicate` without the "and"s around them.
std::vector<const Predicate*> Conjuncts(const Predicate& predicate) {
  std::vector<const Predicate*> conjuncts;
  std::vector<const Predicate*> open = {&predicate};
  while (!open.empty()) {
    const Predicate* at = open.back();
    open.pop_back();
    if (at->kind != Predicate::Kind::kAnd) {
      conjuncts.push_back(at);
      continue;
    }
    for (const Predicate& child : at->children) open.push_back(&child);
  }
  return conjuncts;
}

// What the value filter must have for a leaf to hold of an attribute with this key: one of these.
std::vector<uint64_t> HashesOf(const Predicate& asked, const std::string& key) {
  const auto* text = std::get_if<std::string>(&asked.value);
  const bool is_compare = asked.kind == Predicate::Kind::kCompare;
  if (is_compare && asked.op == CompareOp::kEqual) {
    // A text may be an element of an array, which is another value.
    if (text != nullptr) return {TextValueHash(key, *text), OtherValueHash(key)};
    return {OtherValueHash(key)};
  }
  if (is_compare && asked.op == CompareOp::kTextEqual) {
    return {TextValueHash(key, *text), OtherValueHash(key)};
  }
  return {KeyHash(key)};
}

// The same of any of its names; nothing when the filter does not know.
std::vector<uint64_t> WantedHashes(const Predicate& asked) {
  const auto* attribute = std::get_if<storage::AttributeField>(&asked.field);
  if (attribute == nullptr) return {};
  std::vector<uint64_t> hashes = HashesOf(asked, attribute->key);
  for (const std::string& key : attribute->other_keys) {
    const std::vector<uint64_t> more = HashesOf(asked, key);
    hashes.insert(hashes.end(), more.begin(), more.end());
  }
  return hashes;
}

}  // namespace

bool IsPayloadField(const storage::Field& field) {
  return IsPayload(SourceOf(field));
}

Result<Matcher> Matcher::Make(const storage::QueryContext& context, const Predicate& where,
                              storage::TimeRange range) {
  const auto evaluator = storage::Evaluator::Make(context, where);
  if (!evaluator.ok()) return evaluator.status();
  return OfPart(where, range, (*evaluator)->regexes());
}

Result<Matcher> Matcher::Make(const Predicate& where, storage::TimeRange range) {
  return Make({}, where, range);
}

Matcher Matcher::OfPart(const Predicate& where, storage::TimeRange range,
                        std::shared_ptr<const storage::Regexes> regexes) {
  Matcher matcher;
  matcher.range_ = range;
  matcher.evaluator_ = storage::Evaluator::OfPart(where, std::move(regexes));
  for (const Predicate* conjunct : Conjuncts(where)) {
    matcher.conditions_.push_back(matcher.MakeCondition(*conjunct));
  }
  std::stable_sort(matcher.conditions_.begin(), matcher.conditions_.end(),
                   [](const Condition& a, const Condition& b) { return a.dearest < b.dearest; });
  for (const Leaf& leaf : matcher.leaves_) matcher.needs_payload_ |= IsPayload(leaf.source);
  return matcher;
}

// The parents-first order of a walk, backwards, has children before their parents.
Condition Matcher::MakeCondition(const Predicate& predicate) {
  std::vector<const Predicate*> order;
  std::vector<const Predicate*> open = {&predicate};
  while (!open.empty()) {
    const Predicate* at = open.back();
    open.pop_back();
    order.push_back(at);
    for (const Predicate& child : at->children) open.push_back(&child);
  }
  Condition condition;
  for (auto at = order.rbegin(); at != order.rend(); ++at) {
    if (IsLeaf(**at)) {
      AddLeaf(**at, &condition);
    } else {
      condition.steps.push_back({(*at)->kind, 0, static_cast<uint32_t>((*at)->children.size())});
    }
  }
  return condition;
}

void Matcher::AddLeaf(const Predicate& predicate, Condition* condition) {
  const auto* attribute = std::get_if<storage::AttributeField>(&predicate.field);
  std::vector<Predicate> places = {predicate};
  if (attribute != nullptr && attribute->scope == AttributeScope::kAny) {
    places.assign(5, predicate);
    for (size_t i = 0; i < places.size(); ++i) {
      std::get<storage::AttributeField>(places[i].field).scope = static_cast<AttributeScope>(i);
    }
  }
  for (Predicate& place : places) {
    auto evaluator = storage::Evaluator::OfPart(place, evaluator_->regexes());
    const LeafSource source = SourceOf(place.field);
    condition->dearest = std::max(condition->dearest, source);
    condition->steps.push_back(
        {Predicate::Kind::kCompare, static_cast<uint32_t>(leaves_.size()), 0});
    std::vector<uint64_t> hashes = WantedHashes(place);
    leaves_.push_back({std::move(place), std::move(evaluator), source, std::move(hashes)});
  }
  if (places.size() == 1) return;
  condition->steps.push_back({Predicate::Kind::kOr, 0, static_cast<uint32_t>(places.size())});
}

}  // namespace spandrel::columnar
