// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/count/value_counts.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "columnar/read/scan/attribute_lists.h"
#include "columnar/read/scan/row_walk.h"
#include "storage/evaluate.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using storage::AttributeScope;
using storage::FieldRef;
using storage::Value;

// What a value takes beside its text.
constexpr size_t kValueBytes = 128;

struct InBoth {
  uint64_t a = 0;
  uint64_t b = 0;
};

struct RunningField {
  FieldRef field;
  InBoth spans;
  std::map<Value, InBoth, storage::ValueLess> values;
};

class ValueCounter {
 public:
  ValueCounter(const storage::QueryContext& context, const storage::ValueCountsRequest& request)
      : request_(request), memory_(context) {}

  // RESOURCE_EXHAUSTED when the query has no memory for a new value.
  Status Add(const span::SpanRef& span, const storage::FieldSource& row, InBoth counts) {
    result_.a += counts.a;
    result_.b += counts.b;
    // Of one span: the distinct values of each field.
    std::map<std::string, std::pair<FieldRef, std::set<Value, storage::ValueLess>>> of_span;
    for (const AttributeScope scope : request_.scopes) AddLists(span, scope, &of_span);
    for (const storage::Intrinsic intrinsic : request_.intrinsics) {
      row.Visit(intrinsic, [&](const span::ValueView& value) {
        if (auto typed = storage::ValueOf(value)) NoteValue(intrinsic, *std::move(typed), &of_span);
        return false;
      });
    }
    for (const auto& [name, field] : of_span) AddField(name, field.first, field.second, counts);
    return memory_.GrowTo(bytes_);
  }

  storage::ValueCountsResult Finish() && {
    for (auto& [name, running] : fields_) result_.fields.push_back(FinishField(running));
    return std::move(result_);
  }

 private:
  using ValuesOfSpan =
      std::map<std::string, std::pair<FieldRef, std::set<Value, storage::ValueLess>>>;

  static void NoteValue(const FieldRef& field, Value value, ValuesOfSpan* of_span) {
    auto& noted = (*of_span)[storage::FieldName(field)];
    noted.first = field;
    noted.second.insert(std::move(value));
  }

  // Of a repeated key in a list the last value counts.
  static void AddLists(const span::SpanRef& span, AttributeScope scope, ValuesOfSpan* of_span) {
    VisitLists(span, scope, [&](span::AttributeReader attributes) {
      std::map<std::string_view, span::ValueView> last;
      while (const auto attribute = attributes.Next()) last[attribute->key] = attribute->value;
      for (const auto& [key, value] : last) {
        auto typed = storage::ValueOf(value);
        if (!typed) continue;
        NoteValue(storage::AttributeField{scope, std::string(key)}, *std::move(typed), of_span);
      }
    });
  }

  void AddField(const std::string& name, const FieldRef& field,
                const std::set<Value, storage::ValueLess>& values, InBoth counts) {
    auto running = fields_.find(name);
    for (const Value& value : values) {
      const bool is_known = running != fields_.end() && running->second.values.contains(value);
      if (!is_known && !TakeRoomFor(name, value)) continue;
      if (running == fields_.end()) running = fields_.try_emplace(name).first;
      InBoth& counted = running->second.values[value];
      counted.a += counts.a;
      counted.b += counts.b;
    }
    if (running == fields_.end()) return;
    running->second.field = field;
    running->second.spans.a += counts.a;
    running->second.spans.b += counts.b;
  }

  bool TakeRoomFor(const std::string& name, const Value& value) {
    if (distinct_ == request_.max_distinct) {
      result_.truncated = true;
      return false;
    }
    ++distinct_;
    const auto* text = std::get_if<std::string>(&value);
    bytes_ += kValueBytes + name.size() + (text != nullptr ? text->size() : 0);
    return true;
  }

  storage::FieldCounts FinishField(const RunningField& running) const {
    storage::FieldCounts counts{running.field, running.spans.a, running.spans.b, {}, false};
    for (const auto& [value, in] : running.values) counts.values.push_back({value, in.a, in.b});
    std::stable_sort(counts.values.begin(), counts.values.end(),
                     [](const auto& x, const auto& y) { return x.a + x.b > y.a + y.b; });
    counts.truncated = counts.values.size() > request_.max_values;
    if (counts.truncated) counts.values.resize(request_.max_values);
    return counts;
  }

  const storage::ValueCountsRequest& request_;
  std::map<std::string, RunningField> fields_;  // by name
  size_t distinct_ = 0;
  storage::ValueCountsResult result_;
  size_t bytes_ = 0;  // of fields_, about
  storage::QueryMemory memory_;
};

// The spans of either selection. Each of the two is a whole question by itself, so together they
// may be larger than one may be; then every span is looked at.
Asked AskedOf(const storage::ValueCountsRequest& request) {
  Asked asked{storage::Expression::Or({request.a, request.b}), request.start_time,
              FieldsOf(request.a), request.scopes};
  if (!storage::ValidateShape(asked.where).ok()) asked.where = storage::Expression();
  const std::vector<FieldRef> of_b = FieldsOf(request.b);
  asked.may_join = true;
  asked.fields.insert(asked.fields.end(), of_b.begin(), of_b.end());
  asked.fields.insert(asked.fields.end(), request.intrinsics.begin(), request.intrinsics.end());
  return asked;
}

}  // namespace

Result<storage::ValueCountsResult> CountValues(const storage::QueryContext& context,
                                               const Snapshot& snapshot,
                                               const storage::ValueCountsRequest& request) {
  SPANDREL_RETURN_IF_ERROR(storage::ValidateRequest(request));
  const auto evaluators = storage::Evaluator::MakeAll(context, {request.a, request.b});
  if (!evaluators.ok()) return evaluators.status();
  const storage::Evaluator& a = *(*evaluators)[0];
  const storage::Evaluator& b = *(*evaluators)[1];
  const Question question = Question::OfPart(AskedOf(request), a.regexes());
  ValueCounter counter(context, request);
  const auto add = [&](const span::SpanRef& span, const storage::FieldSource& row,
                       uint64_t weight) {
    const InBoth counts{a.Matches(row) ? weight : 0, b.Matches(row) ? weight : 0};
    return counts.a + counts.b > 0 ? counter.Add(span, row, counts) : Status();
  };
  SPANDREL_RETURN_IF_ERROR(WalkRows(context, snapshot, question, add));
  return std::move(counter).Finish();
}

}  // namespace spandrel::columnar
