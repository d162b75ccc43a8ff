// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <tuple>

#include "conformance/reference_store.h"
#include "storage/arithmetic.h"
#include "storage/trace_fields.h"

// The reads that look at spans together with their trace, literally.
namespace spandrel::conformance {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;
using span::SpanRef;
using storage::TraceFields;
using storage::Value;
using Row = storage::TraceFields::Row;

// What an answer holds of each span of a trace, about.
constexpr size_t kRowBytes = 256;

std::vector<SpanRef> InOrder(const std::vector<std::shared_ptr<const span::SpanChunk>>& chunks) {
  std::vector<SpanRef> spans;
  for (const auto& chunk : chunks) spans.emplace_back(*chunk, 0);
  std::stable_sort(spans.begin(), spans.end(), [](const SpanRef& a, const SpanRef& b) {
    return std::tuple(a.entry().start_time_unix_nano, a.entry().span_id) <
           std::tuple(b.entry().start_time_unix_nano, b.entry().span_id);
  });
  return spans;
}

std::vector<Value> ValuesOf(const storage::FieldRef& field, const storage::FieldSource& row) {
  std::vector<Value> values;
  row.Visit(field, [&values](const span::ValueView& value) {
    storage::AppendValues(value, &values);
    return false;
  });
  return values;
}

bool IsInt(const storage::Number& number) {
  return std::holds_alternative<int64_t>(number);
}

// Whether `a` takes the place of `b` as the smaller (`sign` < 0) or the greater one.
bool Replaces(const storage::Number& a, const storage::Number& b, int sign) {
  const auto order = storage::CompareValues(storage::ViewOf(a), storage::ViewOf(b));
  if (order == 0) return IsInt(a) && !IsInt(b);
  return sign < 0 ? order < 0 : order > 0;
}

// Not ISO C++, but both compilers have it.
__extension__ typedef __int128 WideInteger;

// One measure of one bucket while it is added up.
struct Adding {
  uint64_t count = 0;
  WideInteger whole = 0;
  double real = 0;
  std::optional<storage::Number> min;
  std::optional<storage::Number> max;
  storage::ValueHistogram histogram;

  void Add(const storage::Number& number, uint64_t weight) {
    count += weight;
    if (const auto* integer = std::get_if<int64_t>(&number)) {
      whole += static_cast<WideInteger>(*integer) * weight;
    } else {
      real += std::get<double>(number) * static_cast<double>(weight);
    }
    if (!min || Replaces(number, *min, -1)) min = number;
    if (!max || Replaces(number, *max, 1)) max = number;
    histogram.Add(storage::AsDouble(number), weight);
  }

  storage::Measured As(storage::MeasureKind kind) const {
    storage::Measured measured;
    measured.count = count;
    if (kind == storage::MeasureKind::kSum) measured.sum = static_cast<double>(whole) + real;
    if (kind == storage::MeasureKind::kMin) measured.min = min;
    if (kind == storage::MeasureKind::kMax) measured.max = max;
    if (kind == storage::MeasureKind::kHistogram) measured.histogram = histogram;
    return measured;
  }
};

struct AddingBucket {
  uint64_t spans = 0;
  std::vector<Adding> measures;
  std::vector<storage::Exemplar> exemplars;
};

using MeasureGroups = std::map<std::vector<storage::OptionalValue>,
                               std::map<uint64_t, AddingBucket>, storage::ValueLess>;

void AddSpan(const storage::MeasureRequest& request, const SpanRef& span, const Row& row,
             MeasureGroups* groups) {
  const span::SpanEntry& entry = span.entry();
  std::vector<storage::OptionalValue> group;
  for (const auto& field : request.group_by) group.push_back(storage::FirstValue(field, row));
  const uint64_t origin = request.start_time.min_unix_nano;
  const uint64_t step = request.step_nano;
  const uint64_t offset = entry.start_time_unix_nano - origin;
  AddingBucket& bucket =
      (*groups)[std::move(group)][step == 0 ? origin : origin + offset / step * step];
  bucket.spans += entry.weight;
  bucket.measures.resize(request.measures.size());
  for (size_t i = 0; i < request.measures.size(); ++i) {
    const auto& field = request.measures[i].field;
    const auto number = field ? storage::FirstNumber(*field, row) : storage::Number(int64_t{0});
    if (number) bucket.measures[i].Add(*number, entry.weight);
  }
  if (bucket.exemplars.size() >= request.exemplars) return;
  const auto& first = request.measures[0].field;
  bucket.exemplars.push_back({entry.trace_id, entry.span_id, entry.start_time_unix_nano,
                              first ? storage::FirstNumber(*first, row) : std::nullopt});
}

uint64_t SpansOf(const storage::MeasureSeries& series) {
  uint64_t spans = 0;
  for (const auto& bucket : series.buckets) spans += bucket.spans;
  return spans;
}

storage::MeasureResult ToResult(const storage::MeasureRequest& request,
                                const MeasureGroups& groups) {
  storage::MeasureResult result;
  for (const auto& [group, buckets] : groups) {
    storage::MeasureSeries series{group, {}};
    for (const auto& [start, adding] : buckets) {
      storage::MeasureBucket bucket{start, adding.spans, {}, adding.exemplars};
      for (size_t i = 0; i < adding.measures.size(); ++i) {
        bucket.measures.push_back(adding.measures[i].As(request.measures[i].kind));
      }
      series.buckets.push_back(std::move(bucket));
    }
    result.series.push_back(std::move(series));
  }
  std::stable_sort(result.series.begin(), result.series.end(),
                   [](const auto& a, const auto& b) { return SpansOf(a) > SpansOf(b); });
  result.truncated = result.series.size() > request.max_groups;
  if (result.truncated) result.series.resize(request.max_groups);
  return result;
}

// True when some span holds each of them.
bool HasAll(const TraceFields& trace,
            const std::vector<std::shared_ptr<const storage::Evaluator>>& needs) {
  return std::all_of(needs.begin(), needs.end(), [&trace](const auto& need) {
    for (size_t i = 0; i < trace.size(); ++i) {
      if (need->Matches(Row(trace, i))) return true;
    }
    return false;
  });
}

// Attributes of one list: the last value of each key.
using KeyValues = std::map<std::string, storage::OptionalValue>;

KeyValues LastValues(span::AttributeReader attributes) {
  KeyValues values;
  while (const auto attribute = attributes.Next()) {
    values[std::string(attribute->key)] = storage::ValueOf(attribute->value);
  }
  return values;
}

// The attribute lists of a span in one scope.
std::vector<KeyValues> ListsOf(const SpanRef& span, storage::AttributeScope scope) {
  const span::SpanView view = span.span();
  std::vector<KeyValues> lists;
  auto events = view.events();
  auto links = view.links();
  switch (scope) {
    case storage::AttributeScope::kSpan:
      return {LastValues(view.attributes())};
    case storage::AttributeScope::kResource:
      return {LastValues(span.resource().attributes())};
    case storage::AttributeScope::kInstrumentation:
      return {LastValues(span.scope().attributes())};
    case storage::AttributeScope::kEvent:
      while (const auto event = events.Next()) {
        lists.push_back(LastValues(span::EventView(*event).attributes()));
      }
      return lists;
    default:
      while (const auto link = links.Next()) {
        lists.push_back(LastValues(span::LinkView(*link).attributes()));
      }
      return lists;
  }
}

using ValueSet = std::set<Value, storage::ValueLess>;

// The distinct values of each field that is to be counted, in one span.
std::map<std::string, std::pair<storage::FieldRef, ValueSet>> FieldValuesOf(
    const storage::ValueCountsRequest& request, const SpanRef& span, const Row& row) {
  std::map<std::string, std::pair<storage::FieldRef, ValueSet>> fields;
  const auto add = [&fields](const storage::FieldRef& field, const storage::OptionalValue& value) {
    if (!value) return;
    auto& entry = fields[storage::FieldName(field)];
    entry.first = field;
    entry.second.insert(*value);
  };
  for (const storage::AttributeScope scope : request.scopes) {
    for (const KeyValues& list : ListsOf(span, scope)) {
      for (const auto& [key, value] : list) add(storage::AttributeField{scope, key}, value);
    }
  }
  for (const storage::Intrinsic intrinsic : request.intrinsics) {
    row.Visit(intrinsic, [&](const span::ValueView& value) {
      add(intrinsic, storage::ValueOf(value));
      return false;
    });
  }
  return fields;
}

struct Counting {
  storage::FieldRef field;
  uint64_t a = 0;
  uint64_t b = 0;
  std::map<Value, std::pair<uint64_t, uint64_t>, storage::ValueLess> values;
};

storage::FieldCounts ToCounts(const Counting& counting, size_t max_values) {
  storage::FieldCounts counts{counting.field, counting.a, counting.b, {}, false};
  for (const auto& [value, pair] : counting.values) {
    counts.values.push_back({value, pair.first, pair.second});
  }
  std::stable_sort(counts.values.begin(), counts.values.end(),
                   [](const auto& x, const auto& y) { return x.a + x.b > y.a + y.b; });
  counts.truncated = counts.values.size() > max_values;
  if (counts.truncated) counts.values.resize(max_values);
  return counts;
}

// Sorts by text or frequency and cuts to the limit; true when some were left out.
template <typename Item, typename TextOf>
bool OrderAndCut(storage::CatalogOrder order, size_t limit, TextOf&& text_of,
                 std::vector<Item>* items) {
  std::stable_sort(items->begin(), items->end(), [&](const Item& a, const Item& b) {
    if (order == storage::CatalogOrder::kFrequency && a.spans != b.spans) return a.spans > b.spans;
    return text_of(a) < text_of(b);
  });
  const bool truncated = items->size() > limit;
  if (truncated) items->resize(limit);
  return truncated;
}

}  // namespace

Status ReferenceStore::ForEachMatchingTrace(const storage::QueryContext& context,
                                            const storage::Expression& where,
                                            storage::TimeRange range,
                                            const VisitTrace& visit) const {
  const auto evaluator = storage::Evaluator::Make(context, where);
  if (!evaluator.ok()) return evaluator.status();
  storage::QueryMemory memory(context);
  for (const auto& [id, chunks] : traces_) {
    SPANDREL_RETURN_IF_ERROR(context.Check());
    SPANDREL_RETURN_IF_ERROR(memory.Grow(chunks.size() * kRowBytes));
    const TraceFields trace(InOrder(chunks));
    std::vector<uint8_t> matched;
    for (size_t i = 0; i < trace.size(); ++i) {
      matched.push_back(range.Contains(trace.span(i).entry().start_time_unix_nano) &&
                        (*evaluator)->Matches(Row(trace, i)));
    }
    if (std::find(matched.begin(), matched.end(), 1) != matched.end()) visit(trace, matched);
  }
  return {};
}

Status ReferenceStore::ForEachMatchingRow(const storage::QueryContext& context,
                                          const storage::Expression& where,
                                          storage::TimeRange range, const VisitRow& visit) const {
  return ForEachMatchingTrace(context, where, range,
                              [&visit](const TraceFields& trace, const auto& matched) {
                                for (size_t i = 0; i < trace.size(); ++i) {
                                  if (matched[i] != 0) visit(trace.span(i), Row(trace, i));
                                }
                              });
}

Status ReferenceStore::GetTraces(const storage::QueryContext& context,
                                 const std::vector<storage::WantedTrace>& traces,
                                 storage::SpansSink& sink) {
  SPANDREL_RETURN_IF_ERROR(context.Check());
  for (const storage::WantedTrace& wanted : traces) {
    auto spans = GetTrace(context, wanted.trace_id);
    if (!spans.ok() && spans.status().code() == StatusCode::kNotFound) continue;
    if (!spans.ok()) return spans.status();
    if (!sink.OnSpans(wanted.trace_id, *std::move(spans))) break;
  }
  return {};
}

Result<span::SpanBatch> ReferenceStore::GetSpan(const storage::QueryContext& context,
                                                const span::TraceId& trace_id,
                                                const span::SpanId& span_id) {
  const auto trace = GetTrace(context, trace_id);
  if (!trace.ok()) return trace;
  for (const auto& chunk : trace->chunks()) {
    if (chunk->spans[0].span_id == span_id) return span::SpanBatch(chunk);
  }
  return Status(StatusCode::kNotFound, "span not found");
}

Status ReferenceStore::TraceScan(const storage::QueryContext& context,
                                 const storage::TraceScanRequest& request,
                                 storage::TraceSink& sink) {
  const auto asked = storage::RowQuestions::Make(context, request);
  if (!asked.ok()) return asked.status();
  const auto needs = storage::Evaluator::MakeAll(context, request.needs);
  if (!needs.ok()) return needs.status();
  std::vector<std::pair<uint64_t, storage::TraceSlice>> found;  // by the newest match
  Status status;
  {
    std::lock_guard lock(mutex_);
    SPANDREL_RETURN_IF_ERROR(ForEachMatchingTrace(
        context, request.where, request.start_time,
        [&](const TraceFields& trace, const std::vector<uint8_t>& matched) {
          if (!HasAll(trace, *needs)) return;
          uint64_t newest = 0;
          for (size_t i = 0; i < trace.size(); ++i) {
            if (matched[i] != 0) newest = trace.span(i).entry().start_time_unix_nano;
          }
          auto slice = storage::SliceOf(context, trace, matched, request, *asked);
          if (slice.ok()) {
            found.emplace_back(newest, *std::move(slice));
          } else {
            status = slice.status();
          }
        }));
  }
  if (!status.ok()) return status;
  if (request.order == storage::ScanOrder::kNewest) {
    std::stable_sort(found.begin(), found.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
  }
  for (size_t i = 0; i < std::min(request.limit, found.size()); ++i) {
    if (!sink.OnTrace(std::move(found[i].second))) break;
  }
  return {};
}

Result<storage::MeasureResult> ReferenceStore::Measure(const storage::QueryContext& context,
                                                       const storage::MeasureRequest& request) {
  SPANDREL_RETURN_IF_ERROR(ValidateRequest(request));
  std::lock_guard lock(mutex_);
  MeasureGroups groups;
  SPANDREL_RETURN_IF_ERROR(ForEachMatchingRow(
      context, request.where, request.start_time,
      [&](const SpanRef& span, const Row& row) { AddSpan(request, span, row, &groups); }));
  return ToResult(request, groups);
}

Result<storage::ValueCountsResult> ReferenceStore::ValueCounts(
    const storage::QueryContext& context, const storage::ValueCountsRequest& request) {
  SPANDREL_RETURN_IF_ERROR(ValidateRequest(request));
  const auto evaluators = storage::Evaluator::MakeAll(context, {request.a, request.b});
  if (!evaluators.ok()) return evaluators.status();
  const storage::Evaluator& a = *(*evaluators)[0];
  const storage::Evaluator& b = *(*evaluators)[1];
  std::lock_guard lock(mutex_);
  storage::ValueCountsResult result;
  std::map<std::string, Counting> fields;
  size_t distinct = 0;
  SPANDREL_RETURN_IF_ERROR(
      ForEachMatchingRow(context, {}, request.start_time, [&](const SpanRef& span, const Row& row) {
        const uint64_t in_a = a.Matches(row) ? span.entry().weight : 0;
        const uint64_t in_b = b.Matches(row) ? span.entry().weight : 0;
        result.a += in_a;
        result.b += in_b;
        if (in_a + in_b == 0) return;
        for (const auto& [name, field] : FieldValuesOf(request, span, row)) {
          for (const Value& value : field.second) {
            const auto known = fields.find(name);
            const bool is_new = known == fields.end() || !known->second.values.contains(value);
            if (is_new && distinct == request.max_distinct) {
              result.truncated = true;
              continue;
            }
            distinct += is_new ? 1 : 0;
            auto& counts = fields[name].values[value];
            counts.first += in_a;
            counts.second += in_b;
          }
          if (!fields.contains(name)) continue;
          fields[name].field = field.first;
          fields[name].a += in_a;
          fields[name].b += in_b;
        }
      }));
  for (const auto& [name, counting] : fields) {
    result.fields.push_back(ToCounts(counting, request.max_values));
  }
  return result;
}

Result<storage::NamesResult> ReferenceStore::Names(const storage::QueryContext& context,
                                                   const storage::NamesRequest& request) {
  SPANDREL_RETURN_IF_ERROR(ValidateRequest(request));
  using storage::AttributeScope;
  std::vector<AttributeScope> scopes = request.scopes;
  if (scopes.empty()) {
    scopes = {AttributeScope::kSpan, AttributeScope::kResource, AttributeScope::kInstrumentation,
              AttributeScope::kEvent, AttributeScope::kLink};
  }
  std::lock_guard lock(mutex_);
  std::map<storage::AttributeName, uint64_t> spans_with;
  SPANDREL_RETURN_IF_ERROR(ForEachMatchingRow(
      context, request.where, request.start_time, [&](const SpanRef& span, const Row&) {
        std::set<storage::AttributeName> names;
        for (const AttributeScope scope : scopes) {
          for (const KeyValues& list : ListsOf(span, scope)) {
            for (const auto& [key, value] : list) names.insert({scope, key});
          }
        }
        for (const auto& name : names) spans_with[name] += span.entry().weight;
      }));
  storage::NamesResult result;
  for (const auto& [name, spans] : spans_with) {
    if (name.key.starts_with(request.prefix)) result.names.push_back({name, spans});
  }
  result.truncated = OrderAndCut(
      request.order, request.limit,
      [](const storage::NameCount& item) { return std::tuple(item.name.key, item.name.scope); },
      &result.names);
  return result;
}

Result<storage::ValuesResult> ReferenceStore::Values(const storage::QueryContext& context,
                                                     const storage::ValuesRequest& request) {
  std::lock_guard lock(mutex_);
  std::map<Value, uint64_t, storage::ValueLess> spans_with;
  SPANDREL_RETURN_IF_ERROR(ForEachMatchingRow(
      context, request.where, request.start_time, [&](const SpanRef& span, const Row& row) {
        const std::vector<Value> values = ValuesOf(request.field, row);
        for (const Value& value : ValueSet(values.begin(), values.end())) {
          spans_with[value] += span.entry().weight;
        }
      }));
  storage::ValuesResult result;
  for (const auto& [value, spans] : spans_with) {
    if (storage::ValueText(value).starts_with(request.prefix)) {
      result.values.push_back({value, spans});
    }
  }
  result.truncated = OrderAndCut(
      request.order, request.limit,
      [](const storage::FieldValueCount& item) {
        return std::pair(storage::ValueText(item.value), item.value.index());
      },
      &result.values);
  return result;
}

}  // namespace spandrel::conformance
