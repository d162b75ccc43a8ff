// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/count/value_counts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

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

// What a value takes beside its text, and a field beside its key.
constexpr size_t kValueBytes = 128;
constexpr size_t kFieldBytes = 256;

struct InBoth {
  uint64_t a = 0;
  uint64_t b = 0;

  void Add(InBoth more) {
    a += more.a;
    b += more.b;
  }
};

struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

// As ValueLess, which takes not-a-number as equal to itself.
struct ValueEqual {
  bool operator()(const Value& a, const Value& b) const {
    const storage::ValueLess less;
    return !less(a, b) && !less(b, a);
  }
};

struct ValueHash {
  size_t operator()(const Value& value) const {
    const auto* real = std::get_if<double>(&value);
    return real != nullptr && std::isnan(*real) ? 0 : std::hash<Value>()(value);
  }
};

struct RunningField {
  FieldRef field;
  InBoth spans;
  std::unordered_map<Value, InBoth, ValueHash, ValueEqual> values;
};

class ValueCounter {
 public:
  ValueCounter(const storage::QueryContext& context, const storage::ValueCountsRequest& request)
      : request_(request), memory_(context) {}

  // RESOURCE_EXHAUSTED when the query has no memory for a new value.
  Status Add(const span::SpanRef& span, const storage::FieldSource& row, InBoth counts) {
    result_.a += counts.a;
    result_.b += counts.b;
    of_span_.clear();
    for (const AttributeScope scope : request_.scopes) NoteLists(span, scope);
    for (const storage::Intrinsic intrinsic : request_.intrinsics) {
      RunningField& field = intrinsics_[intrinsic];
      field.field = intrinsic;
      row.Visit(intrinsic, [&](const span::ValueView& value) {
        if (auto typed = storage::ValueOf(value)) of_span_.emplace_back(&field, *std::move(typed));
        return false;
      });
    }
    CountNoted(counts);
    return memory_.GrowTo(bytes_);
  }

  storage::ValueCountsResult Finish() && {
    for (const auto& fields : by_scope_) {
      for (const auto& [key, field] : fields) FinishField(field);
    }
    for (const auto& [intrinsic, field] : intrinsics_) FinishField(field);
    std::sort(result_.fields.begin(), result_.fields.end(), [](const auto& x, const auto& y) {
      return storage::FieldName(x.field) < storage::FieldName(y.field);
    });
    return std::move(result_);
  }

 private:
  using FieldsByKey = std::unordered_map<std::string, RunningField, TextHash, std::equal_to<>>;

  // Of a repeated key in a list the last value counts.
  void NoteLists(const span::SpanRef& span, AttributeScope scope) {
    VisitLists(span, scope, [&](span::AttributeReader attributes) {
      list_.clear();
      while (const auto attribute = attributes.Next()) {
        list_.emplace_back(attribute->key, attribute->value);
      }
      std::stable_sort(list_.begin(), list_.end(),
                       [](const auto& x, const auto& y) { return x.first < y.first; });
      for (size_t i = 0; i < list_.size(); ++i) {
        if (i + 1 < list_.size() && list_[i + 1].first == list_[i].first) continue;
        auto typed = storage::ValueOf(list_[i].second);
        if (typed) of_span_.emplace_back(&FieldOf(scope, list_[i].first), *std::move(typed));
      }
    });
  }

  RunningField& FieldOf(AttributeScope scope, std::string_view key) {
    FieldsByKey& fields = by_scope_[static_cast<size_t>(scope)];
    const auto known = fields.find(key);
    if (known != fields.end()) return known->second;
    bytes_ += kFieldBytes + 2 * key.size();
    RunningField& field = fields[std::string(key)];
    field.field = storage::AttributeField{scope, std::string(key)};
    return field;
  }

  // Each distinct value of a field once, and each field once.
  void CountNoted(InBoth counts) {
    std::sort(of_span_.begin(), of_span_.end(), [](const auto& x, const auto& y) {
      if (x.first != y.first) return std::less<>()(x.first, y.first);
      return storage::ValueLess()(x.second, y.second);
    });
    for (size_t i = 0; i < of_span_.size(); ++i) {
      auto& [field, value] = of_span_[i];
      const bool same_field = i > 0 && of_span_[i - 1].first == field;
      const bool is_counted = same_field && ValueEqual()(of_span_[i - 1].second, value);
      if (!is_counted) CountValue(*field, value, counts);
      const bool is_last = i + 1 == of_span_.size() || of_span_[i + 1].first != field;
      if (is_last && !field->values.empty()) field->spans.Add(counts);
    }
  }

  void CountValue(RunningField& field, const Value& value, InBoth counts) {
    auto known = field.values.find(value);
    if (known == field.values.end()) {
      if (!TakeRoomFor(value)) return;
      known = field.values.emplace(value, InBoth()).first;
    }
    known->second.Add(counts);
  }

  bool TakeRoomFor(const Value& value) {
    if (distinct_ == request_.max_distinct) {
      result_.truncated = true;
      return false;
    }
    ++distinct_;
    const auto* text = std::get_if<std::string>(&value);
    bytes_ += kValueBytes + (text != nullptr ? text->size() : 0);
    return true;
  }

  void FinishField(const RunningField& field) {
    if (field.values.empty()) return;
    storage::FieldCounts counts{field.field, field.spans.a, field.spans.b, {}, false};
    counts.values.reserve(field.values.size());
    for (const auto& [value, in] : field.values) counts.values.push_back({value, in.a, in.b});
    std::sort(counts.values.begin(), counts.values.end(), [](const auto& x, const auto& y) {
      if (x.a + x.b != y.a + y.b) return x.a + x.b > y.a + y.b;
      return storage::ValueLess()(x.value, y.value);
    });
    counts.truncated = counts.values.size() > request_.max_values;
    if (counts.truncated) counts.values.resize(request_.max_values);
    result_.fields.push_back(std::move(counts));
  }

  const storage::ValueCountsRequest& request_;
  std::array<FieldsByKey, 5> by_scope_;  // attributes, by the list that they are in
  std::map<storage::Intrinsic, RunningField> intrinsics_;
  size_t distinct_ = 0;
  storage::ValueCountsResult result_;
  size_t bytes_ = 0;  // of all fields, about
  storage::QueryMemory memory_;

  // Of one span, kept so that their memory is used again.
  std::vector<std::pair<std::string_view, span::ValueView>> list_;
  std::vector<std::pair<RunningField*, Value>> of_span_;
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
