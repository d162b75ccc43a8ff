// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/count/value_table.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "columnar/read/scan/attribute_lists.h"

namespace spandrel::columnar {
namespace {

using storage::AttributeScope;
using storage::Value;

// What a value takes beside its text, and a field beside its key.
constexpr size_t kValueBytes = 128;
constexpr size_t kFieldBytes = 256;

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

// A value as it is kept: a text, or another one.
struct ValueRef {
  const std::string* text = nullptr;
  const Value* value = nullptr;
  InBoth in;

  // The most frequent first, equal ones by ValueLess: texts before all others.
  bool operator<(const ValueRef& other) const {
    const uint64_t total = in.a + in.b;
    const uint64_t of_other = other.in.a + other.in.b;
    if (total != of_other) return total > of_other;
    if (text == nullptr && other.text == nullptr) return storage::ValueLess()(*value, *other.value);
    if (text == nullptr || other.text == nullptr) return text != nullptr;
    return *text < *other.text;
  }
};

}  // namespace

class ValueTable::Field {
 public:
  storage::FieldRef field;
  InBoth spans;
  std::unordered_map<std::string, InBoth, TextHash, std::equal_to<>> texts;
  std::unordered_map<Value, InBoth, ValueHash, ValueEqual> values;  // of other types

  bool empty() const { return texts.empty() && values.empty(); }
};

ValueTable::ValueTable(const storage::QueryContext& context,
                       const storage::ValueCountsRequest& request)
    : request_(request), memory_(context) {}

ValueTable::~ValueTable() = default;

void ValueTable::AddFieldsOf(const span::SpanRef& span, const storage::FieldSource& row,
                             const std::vector<AttributeScope>& lists,
                             const std::vector<storage::Intrinsic>& intrinsics, InBoth counts) {
  of_span_.clear();
  for (const AttributeScope scope : lists) NoteLists(span, scope);
  for (const storage::Intrinsic intrinsic : intrinsics) {
    Field& field = FieldOf(intrinsic);
    row.Visit(intrinsic, [&](const span::ValueView& value) {
      if (auto typed = storage::ValueOf(value)) of_span_.emplace_back(&field, *std::move(typed));
      return false;
    });
  }
  CountNoted(counts);
}

// Of a repeated key in a list the last value counts.
void ValueTable::NoteLists(const span::SpanRef& span, AttributeScope scope) {
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

ValueTable::Field& ValueTable::FieldOf(AttributeScope scope, std::string_view key) {
  FieldsByKey& fields = by_scope_[static_cast<size_t>(scope)];
  const auto known = fields.find(key);
  if (known != fields.end()) return known->second;
  bytes_ += kFieldBytes + 2 * key.size();
  Field& field = fields[std::string(key)];
  field.field = storage::AttributeField{scope, std::string(key)};
  return field;
}

ValueTable::Field& ValueTable::FieldOf(storage::Intrinsic intrinsic) {
  Field& field = intrinsics_[intrinsic];
  field.field = intrinsic;
  return field;
}

void ValueTable::Add(Field* field, const span::ValueView& value, InBoth counts) {
  if (value.type() == span::ValueType::kString) {
    CountText(*field, value.bytes(), counts);
  } else if (const auto typed = storage::ValueOf(value)) {
    CountValue(*field, *typed, counts);
  } else {
    return;
  }
  if (!field->empty()) field->spans.Add(counts);
}

// Each distinct value of a field once, and each field once.
void ValueTable::CountNoted(InBoth counts) {
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
    if (is_last && !field->empty()) field->spans.Add(counts);
  }
}

void ValueTable::CountValue(Field& field, const Value& value, InBoth counts) {
  if (const auto* text = std::get_if<std::string>(&value)) return CountText(field, *text, counts);
  auto known = field.values.find(value);
  if (known == field.values.end()) {
    if (!TakeRoomFor(0)) return;
    known = field.values.emplace(value, InBoth()).first;
  }
  known->second.Add(counts);
}

void ValueTable::CountText(Field& field, std::string_view text, InBoth counts) {
  auto known = field.texts.find(text);
  if (known == field.texts.end()) {
    if (!TakeRoomFor(text.size())) return;
    known = field.texts.emplace(text, InBoth()).first;
  }
  known->second.Add(counts);
}

bool ValueTable::TakeRoomFor(size_t text_bytes) {
  if (distinct_ == request_.max_distinct) {
    truncated_ = true;
    return false;
  }
  if (!status_.ok()) return false;
  ++distinct_;
  bytes_ += kValueBytes + text_bytes;
  status_ = memory_.GrowTo(bytes_);
  return status_.ok();
}

storage::ValueCountsResult ValueTable::Finish() && {
  storage::ValueCountsResult result;
  result.a = a_;
  result.b = b_;
  result.truncated = truncated_;
  for (const auto& fields : by_scope_) {
    for (const auto& [key, field] : fields) FinishField(field, &result);
  }
  for (const auto& [intrinsic, field] : intrinsics_) FinishField(field, &result);
  std::sort(result.fields.begin(), result.fields.end(), [](const auto& x, const auto& y) {
    return storage::FieldName(x.field) < storage::FieldName(y.field);
  });
  return result;
}

void ValueTable::FinishField(const Field& field, storage::ValueCountsResult* result) const {
  if (field.empty()) return;
  std::vector<ValueRef> refs;
  refs.reserve(field.texts.size() + field.values.size());
  for (const auto& [text, in] : field.texts) refs.push_back({&text, nullptr, in});
  for (const auto& [value, in] : field.values) refs.push_back({nullptr, &value, in});
  storage::FieldCounts counts{field.field, field.spans.a, field.spans.b, {}, false};
  counts.truncated = refs.size() > request_.max_values;
  const size_t shown = std::min(refs.size(), request_.max_values);
  std::partial_sort(refs.begin(), refs.begin() + static_cast<ptrdiff_t>(shown), refs.end());
  counts.values.reserve(shown);
  for (size_t i = 0; i < shown; ++i) {
    const ValueRef& ref = refs[i];
    counts.values.push_back(
        {ref.text != nullptr ? Value(*ref.text) : *ref.value, ref.in.a, ref.in.b});
  }
  result->fields.push_back(std::move(counts));
}

}  // namespace spandrel::columnar
