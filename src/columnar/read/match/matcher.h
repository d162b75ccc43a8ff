// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"
#include "storage/evaluate.h"
#include "storage/predicate.h"
#include "storage/query_context.h"
#include "storage/time_range.h"

namespace spandrel::columnar {

// What a reader must look at to decide a comparison, from cheap to dear.
enum class LeafSource : uint8_t {
  kScope,      // the span's scope or resource
  kName,       // its name
  kTemplate,   // its kind or status
  kTime,       // its start or duration
  kAttribute,  // its attributes
  kText,       // its trace state or status message
  kEvents,
  kLinks,
  kIds,
};

// A comparison or existence check, by itself.
struct Leaf {
  storage::Predicate predicate;
  std::shared_ptr<const storage::Evaluator> evaluator;
  LeafSource source = LeafSource::kScope;
  // What the value filter must have one of for it to hold; nothing when the filter does not say.
  std::vector<uint64_t> wanted_hashes;

  const storage::AttributeField& attribute() const {
    return std::get<storage::AttributeField>(predicate.field);
  }
};

// A condition as steps that children come before: a leaf, or an operation on what comes before it.
struct ConditionStep {
  storage::Predicate::Kind kind = storage::Predicate::Kind::kCompare;
  uint32_t leaf = 0;         // of kCompare, in Matcher::leaves()
  uint32_t child_count = 0;  // of any other
};

struct Condition {
  std::vector<ConditionStep> steps;
  LeafSource dearest = LeafSource::kScope;
};

// True when a field is read from a span's message; the others are in a light SpanRef.
bool IsPayloadField(const storage::Field& field);

// A predicate and a time range: a span matches when it starts in the range and all conditions hold.
// Whole spans are asked of the evaluator; columns are asked leaf by leaf. A leaf on any of the five
// attribute lists is five leaves, joined by "or". Immutable.
class Matcher {
 public:
  // INVALID_ARGUMENT as storage::ValidatePredicate says; RESOURCE_EXHAUSTED when the query has no
  // memory for the regular expressions, which are compiled once.
  static base::Result<Matcher> Make(const storage::QueryContext& context,
                                    const storage::Predicate& where, storage::TimeRange range);
  // Outside of a query.
  static base::Result<Matcher> Make(const storage::Predicate& where, storage::TimeRange range);
  // The shape of the predicate is valid, and its regular expressions are among `regexes`.
  static Matcher OfPart(const storage::Predicate& where, storage::TimeRange range,
                        std::shared_ptr<const storage::Regexes> regexes);

  const storage::TimeRange& range() const { return range_; }
  // True when a light SpanRef is not enough for Matches.
  bool needs_payload() const { return needs_payload_; }

  // Of a whole span.
  bool Matches(const span::SpanRef& span) const {
    return range_.Contains(span.entry().start_time_unix_nano) && evaluator_->Matches(span);
  }

  // Of the predicate as a whole.
  const std::shared_ptr<const storage::Evaluator>& evaluator() const { return evaluator_; }

  const std::vector<Leaf>& leaves() const { return leaves_; }
  // Joined by "and", the cheap ones first.
  const std::vector<Condition>& conditions() const { return conditions_; }

 private:
  Condition MakeCondition(const storage::Predicate& predicate);
  void AddLeaf(const storage::Predicate& predicate, Condition* condition);

  storage::TimeRange range_;
  bool needs_payload_ = false;
  std::shared_ptr<const storage::Evaluator> evaluator_;
  std::vector<Leaf> leaves_;
  std::vector<Condition> conditions_;
};

}  // namespace spandrel::columnar
