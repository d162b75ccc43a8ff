// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/list/catalog.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "columnar/read/scan/attribute_lists.h"
#include "columnar/read/scan/row_walk.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using storage::AttributeName;
using storage::AttributeScope;
using storage::Value;

// What an entry takes beside its text.
constexpr size_t kEntryBytes = 128;

// Counts of the spans that have something, by what they have. Items come in the order of texts.
template <typename Key, typename Less>
class SpansByKey {
 public:
  explicit SpansByKey(const storage::QueryContext& context) : memory_(context) {}

  // RESOURCE_EXHAUSTED when the query has no memory for a new key.
  Status Add(const Key& key, size_t text_bytes, uint64_t weight) {
    const auto [counted, is_new] = spans_.try_emplace(key, 0);
    counted->second += weight;
    return is_new ? memory_.Grow(kEntryBytes + text_bytes) : Status();
  }

  // In the order of texts or by frequency, at most `limit`; whether that left some out.
  std::vector<std::pair<Key, uint64_t>> Take(storage::CatalogOrder order, size_t limit,
                                             bool* truncated) const {
    std::vector<std::pair<Key, uint64_t>> items(spans_.begin(), spans_.end());
    if (order == storage::CatalogOrder::kFrequency) {
      std::stable_sort(items.begin(), items.end(),
                       [](const auto& a, const auto& b) { return a.second > b.second; });
    }
    *truncated = items.size() > limit;
    if (*truncated) items.resize(limit);
    return items;
  }

 private:
  std::map<Key, uint64_t, Less> spans_;
  storage::QueryMemory memory_;
};

struct NameByText {
  bool operator()(const AttributeName& a, const AttributeName& b) const {
    return std::tie(a.key, a.scope) < std::tie(b.key, b.scope);
  }
};

// A value behind its text, so that values sort by it.
struct ValueWithText {
  std::string text;
  Value value;
};

struct ValueByText {
  bool operator()(const ValueWithText& a, const ValueWithText& b) const {
    return a.text != b.text ? a.text < b.text : storage::ValueLess()(a.value, b.value);
  }
};

// What every span meets that has values to list: that it has the attribute which is asked for, as
// long as that may be said. Filters know it of whole row groups.
storage::Expression WithValues(const storage::ValuesRequest& request) {
  const bool is_attribute = std::holds_alternative<storage::AttributeField>(request.field.field);
  if (!is_attribute || request.field.of_parent) return request.where;
  storage::Expression both =
      storage::Expression::And({request.where, storage::Expression::Exists(request.field)});
  return storage::ValidateShape(both).ok() ? both : request.where;
}

std::vector<AttributeScope> ScopesOf(const storage::NamesRequest& request) {
  if (!request.scopes.empty()) return request.scopes;
  return {AttributeScope::kSpan, AttributeScope::kResource, AttributeScope::kInstrumentation,
          AttributeScope::kEvent, AttributeScope::kLink};
}

}  // namespace

Result<storage::NamesResult> ListNames(const storage::QueryContext& context,
                                       const Snapshot& snapshot,
                                       const storage::NamesRequest& request) {
  SPANDREL_RETURN_IF_ERROR(storage::ValidateRequest(request));
  const std::vector<AttributeScope> scopes = ScopesOf(request);
  const Result<Question> question = Question::Make(context, {.where = request.where,
                                                             .range = request.start_time,
                                                             .lists = scopes,
                                                             .only_keys = true,
                                                             .may_join = true});
  if (!question.ok()) return question.status();
  SpansByKey<AttributeName, NameByText> spans(context);
  const auto add = [&](const span::SpanRef& span, const storage::FieldSource&,
                       uint64_t weight) -> Status {
    std::set<std::pair<AttributeScope, std::string_view>> names;
    for (const AttributeScope scope : scopes) {
      VisitLists(span, scope, [&](span::AttributeReader attributes) {
        while (const auto attribute = attributes.Next()) names.insert({scope, attribute->key});
      });
    }
    for (const auto& [scope, key] : names) {
      if (!key.starts_with(request.prefix)) continue;
      SPANDREL_RETURN_IF_ERROR(spans.Add({scope, std::string(key)}, key.size(), weight));
    }
    return {};
  };
  SPANDREL_RETURN_IF_ERROR(WalkRows(context, snapshot, *question, add));
  storage::NamesResult result;
  for (auto& [name, count] : spans.Take(request.order, request.limit, &result.truncated)) {
    result.names.push_back({std::move(name), count});
  }
  return result;
}

Result<storage::ValuesResult> ListValues(const storage::QueryContext& context,
                                         const Snapshot& snapshot,
                                         const storage::ValuesRequest& request) {
  const Result<Question> question = Question::Make(context, {.where = WithValues(request),
                                                             .range = request.start_time,
                                                             .fields = {request.field},
                                                             .may_join = true});
  if (!question.ok()) return question.status();
  SpansByKey<ValueWithText, ValueByText> spans(context);
  std::vector<Value> of_row;
  const auto add = [&](const span::SpanRef&, const storage::FieldSource& row,
                       uint64_t weight) -> Status {
    of_row.clear();
    row.Visit(request.field, [&](const span::ValueView& value) {
      storage::AppendValues(value, &of_row);
      return false;
    });
    const std::set<Value, storage::ValueLess> distinct(of_row.begin(), of_row.end());
    for (const Value& value : distinct) {
      std::string text = storage::ValueText(value);
      if (!text.starts_with(request.prefix)) continue;
      const size_t bytes = text.size();
      SPANDREL_RETURN_IF_ERROR(spans.Add({std::move(text), value}, 2 * bytes, weight));
    }
    return {};
  };
  SPANDREL_RETURN_IF_ERROR(WalkRows(context, snapshot, *question, add));
  storage::ValuesResult result;
  for (auto& [item, count] : spans.Take(request.order, request.limit, &result.truncated)) {
    result.values.push_back({std::move(item.value), count});
  }
  return result;
}

}  // namespace spandrel::columnar
