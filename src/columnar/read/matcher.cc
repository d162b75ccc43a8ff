// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/matcher.h"

#include <array>
#include <vector>

namespace spandrel::columnar {
namespace {

using base::Result;
using storage::AttributeScope;
using storage::Intrinsic;
using storage::Predicate;

enum Needs : unsigned { kScope = 1, kName = 2, kRow = 4, kPayload = 8 };

unsigned NeedsOf(Intrinsic intrinsic) {
  switch (intrinsic) {
    case Intrinsic::kServiceName:
    case Intrinsic::kScopeName:
    case Intrinsic::kScopeVersion:
      return kScope;
    case Intrinsic::kName:
      return kName;
    case Intrinsic::kTraceId:
    case Intrinsic::kSpanId:
    case Intrinsic::kParentSpanId:
    case Intrinsic::kKind:
    case Intrinsic::kStatus:
    case Intrinsic::kStartTime:
    case Intrinsic::kDuration:
      return kRow;
    default:
      return kPayload;
  }
}

unsigned NeedsOf(const storage::Field& field) {
  if (const auto* intrinsic = std::get_if<Intrinsic>(&field)) return NeedsOf(*intrinsic);
  const AttributeScope scope = std::get<storage::AttributeField>(field).scope;
  return scope == AttributeScope::kResource || scope == AttributeScope::kInstrumentation ? kScope
                                                                                         : kPayload;
}

unsigned NeedsOf(const Predicate& predicate) {
  unsigned needs = 0;
  std::vector<const Predicate*> open = {&predicate};
  while (!open.empty()) {
    const Predicate* at = open.back();
    open.pop_back();
    for (const Predicate& child : at->children) open.push_back(&child);
    const bool is_leaf =
        at->kind == Predicate::Kind::kCompare || at->kind == Predicate::Kind::kExists;
    if (is_leaf) needs |= NeedsOf(at->field);
  }
  return needs;
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

}  // namespace

bool IsPayloadField(const storage::Field& field) {
  return NeedsOf(field) == kPayload;
}

Result<Matcher> Matcher::Make(const Predicate& where, storage::TimeRange range) {
  SPANDREL_RETURN_IF_ERROR(storage::ValidatePredicate(where));
  Matcher matcher;
  matcher.range_ = range;
  std::vector<Predicate> scope, name, light, payload;
  for (const Predicate* conjunct : Conjuncts(where)) {
    const unsigned needs = NeedsOf(*conjunct);
    auto& group = (needs & kPayload) != 0 ? payload
                  : needs == kScope       ? scope
                  : needs == kName        ? name
                                          : light;
    group.push_back(*conjunct);
  }
  const std::array<std::pair<std::vector<Predicate>*, EvaluatorPtr*>, 4> groups = {
      {{&scope, &matcher.scope_},
       {&name, &matcher.name_},
       {&light, &matcher.light_},
       {&payload, &matcher.payload_}}};
  for (const auto& [conditions, evaluator] : groups) {
    if (conditions->empty()) continue;
    auto made = storage::Evaluator::Make(Predicate::And(std::move(*conditions)));
    if (!made.ok()) return made.status();
    *evaluator = std::move(*made);
  }
  return matcher;
}

}  // namespace spandrel::columnar
