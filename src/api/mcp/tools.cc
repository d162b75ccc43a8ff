// SPDX-License-Identifier: Apache-2.0
#include "api/mcp/tools.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "api/text/trace_text.h"
#include "api/ui/filter_parameters.h"
#include "base/duration_text.h"
#include "base/time_text.h"
#include "query/service_map.h"
#include "query/service_metrics.h"
#include "query/tags.h"
#include "query/trace_search.h"

namespace spandrel::api {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

constexpr uint64_t kMostTraces = 100;
constexpr uint64_t kMostSpans = 2'000;
constexpr uint64_t kMostValues = 500;
constexpr size_t kMostServices = 200;
constexpr size_t kMostCalls = 300;
constexpr size_t kMostDifferences = 25;
constexpr uint64_t kMetricPoints = 12;

constexpr ToolParameter kFrom = {"from", "string", "start of the time range, such as now-1h"};
constexpr ToolParameter kTo = {"to", "string", "end of the time range, now without it"};
constexpr ToolParameter kService = {"service", "string", "name of a service, exact"};
constexpr ToolParameter kTraceId = {"trace_id", "string", "up to 32 hexadecimal digits", true};

double Share(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

Result<std::string> ListServices(const ServiceContext& service,
                                 const storage::QueryContext& context,
                                 const Parameters& arguments) {
  const auto range = ParsePageRange(arguments, service.clock.NowUnixNano());
  if (!range.ok()) return range.status();
  auto map = query::LoadServiceMap(context, service.reader, *range);
  if (!map.ok()) return map.status();
  std::stable_sort(map->services.begin(), map->services.end(),
                   [](const auto& a, const auto& b) { return a.span_count > b.span_count; });
  std::string text = fmt::format("{} services\n", map->services.size());
  for (size_t i = 0; i < map->services.size() && i < kMostServices; ++i) {
    const query::MapService& one = map->services[i];
    text += fmt::format("{} spans={} errors={} ({:.2f}%) p95={}\n", OneLine(one.name),
                        one.span_count, one.error_count, Share(one.error_count, one.span_count),
                        base::ShortDurationText(one.p95_nano));
  }
  return text;
}

Result<std::string> GetTopology(const ServiceContext& service, const storage::QueryContext& context,
                                const Parameters& arguments) {
  const auto range = ParsePageRange(arguments, service.clock.NowUnixNano());
  if (!range.ok()) return range.status();
  auto calls = service.reader.Dependencies(context, *range);
  if (!calls.ok()) return calls.status();
  const std::string_view only = arguments.Get("service");
  std::erase_if(*calls, [only](const storage::Dependency& call) {
    return !only.empty() && call.parent != only && call.child != only;
  });
  std::stable_sort(calls->begin(), calls->end(),
                   [](const auto& a, const auto& b) { return a.call_count > b.call_count; });
  std::string text = fmt::format("{} pairs of services that call\n", calls->size());
  for (size_t i = 0; i < calls->size() && i < kMostCalls; ++i) {
    const storage::Dependency& call = (*calls)[i];
    text += fmt::format("{} -> {} calls={} errors={} ({:.2f}%) p50={} p95={}\n",
                        OneLine(call.parent), OneLine(call.child), call.call_count,
                        call.error_count, Share(call.error_count, call.call_count),
                        base::ShortDurationText(call.latency.Quantile(0.5)),
                        base::ShortDurationText(call.latency.Quantile(0.95)));
  }
  return text;
}

Result<std::string> ListOperations(const ServiceContext& service,
                                   const storage::QueryContext& context,
                                   const Parameters& arguments) {
  const auto operations = service.reader.Operations(context, arguments.Get("service"));
  if (!operations.ok()) return operations.status();
  std::string text = fmt::format("{} operations\n", operations->size());
  for (size_t i = 0; i < operations->size() && i < kMostValues; ++i) {
    const storage::Operation& operation = (*operations)[i];
    text += fmt::format("{} ({})\n", OneLine(operation.name), span::SpanKindName(operation.kind));
  }
  return text;
}

Result<std::string> GetServiceMetrics(const ServiceContext& service,
                                      const storage::QueryContext& context,
                                      const Parameters& arguments) {
  const auto range = ParsePageRange(arguments, service.clock.NowUnixNano());
  if (!range.ok()) return range.status();
  const uint64_t step = (range->max_unix_nano - range->min_unix_nano) / kMetricPoints;
  query::ServiceMetricsRequest request;
  request.services.emplace_back(arguments.Get("service"));
  request.kinds = {span::SpanKind::kServer, span::SpanKind::kConsumer};
  request.by_operation = true;
  request.step_nano = request.window_nano = std::max<uint64_t>(step, 1);
  request.start_unix_nano = range->min_unix_nano + request.step_nano;
  request.end_unix_nano = range->max_unix_nano;
  request.quantile = 0.95;
  const auto all = query::ServiceMetrics(context, service.reader, request);
  if (!all.ok()) return all.status();
  std::string text =
      fmt::format("calls to {} by operation; each line is the {} that end at its time\n",
                  arguments.Get("service"), base::ShortDurationText(request.step_nano));
  if (all->empty()) text += "no calls: no server or consumer spans in the range\n";
  for (const query::ServiceSeries& series : *all) {
    text += OneLine(series.operation) + "\n";
    for (const query::ServicePoint& point : series.points) {
      text += fmt::format("  {} calls/s={:.3g} errors={:.2f}% p95={}\n",
                          base::Rfc3339Text(point.time_unix_nano), point.calls_per_second,
                          100 * point.error_share, base::ShortDurationText(point.latency_nano));
    }
  }
  return text;
}

constexpr std::array<std::string_view, 5> kScopeNames = {"span", "resource", "instrumentation",
                                                         "event", "link"};

std::string_view ScopeName(storage::AttributeScope scope) {
  const auto at = static_cast<size_t>(scope);
  return at < kScopeNames.size() ? kScopeNames[at] : "any";
}

Result<std::string> ListAttributes(const ServiceContext& service,
                                   const storage::QueryContext& context,
                                   const Parameters& arguments) {
  auto filter = ParsePageFilter(arguments, service.clock.NowUnixNano());
  if (!filter.ok()) return filter.status();
  const auto limit = arguments.Count("limit", 100, kMostValues);
  if (!limit.ok()) return limit.status();
  storage::NamesRequest request;
  request.where = query::FilterPredicate(*filter);
  request.start_time = filter->start_time;
  request.prefix = arguments.Get("prefix");
  request.order = storage::CatalogOrder::kFrequency;
  request.limit = *limit;
  const auto names = service.reader.Names(context, request);
  if (!names.ok()) return names.status();
  std::string text;
  for (const storage::NameCount& name : names->names) {
    text += fmt::format("{}.{} spans={}\n", ScopeName(name.name.scope), OneLine(name.name.key),
                        name.spans);
  }
  if (names->truncated) text += "there are more\n";
  return text.empty() ? "none\n" : text;
}

Result<std::string> ListAttributeValues(const ServiceContext& service,
                                        const storage::QueryContext& context,
                                        const Parameters& arguments) {
  auto filter = ParsePageFilter(arguments, service.clock.NowUnixNano());
  if (!filter.ok()) return filter.status();
  const auto limit = arguments.Count("limit", 50, kMostValues);
  if (!limit.ok()) return limit.status();
  const std::string key(arguments.Get("key"));
  storage::ValuesRequest request;
  request.field = storage::AttributeField{storage::AttributeScope::kUnscoped, key};
  for (size_t i = 0; i < kScopeNames.size(); ++i) {
    const std::string prefix = std::string(kScopeNames[i]) + ".";
    if (!key.starts_with(prefix)) continue;
    request.field =
        storage::AttributeField{static_cast<storage::AttributeScope>(i), key.substr(prefix.size())};
  }
  request.where = query::FilterPredicate(*filter);
  request.start_time = filter->start_time;
  request.prefix = arguments.Get("prefix");
  request.order = storage::CatalogOrder::kFrequency;
  request.limit = *limit;
  const auto values = service.reader.Values(context, request);
  if (!values.ok()) return values.status();
  std::string text;
  for (const storage::FieldValueCount& value : values->values) {
    text += fmt::format("{} spans={}\n", OneLine(storage::ValueText(value.value)), value.spans);
  }
  if (values->truncated) text += "there are more\n";
  return text.empty() ? "none\n" : text;
}

Result<std::string> SearchTraces(const ServiceContext& service,
                                 const storage::QueryContext& context,
                                 const Parameters& arguments) {
  auto filter = ParsePageFilter(arguments, service.clock.NowUnixNano());
  if (!filter.ok()) return filter.status();
  const auto limit = arguments.Count("limit", 10, kMostTraces);
  if (!limit.ok()) return limit.status();
  const std::string_view order = arguments.Get("order");
  if (!order.empty() && order != "newest" && order != "slowest") {
    return Status(StatusCode::kInvalidArgument, "order: expected newest or slowest");
  }
  const auto found = service.reader.Search(
      context, query::MakeSearchRequest(
                   *filter, order == "slowest" ? storage::Order::kSlowest : storage::Order::kNewest,
                   *limit));
  if (!found.ok()) return found.status();
  std::string text =
      fmt::format("{} traces{}\n", found->traces.size(), found->next ? ", and there are more" : "");
  for (const storage::TraceSummary& trace : found->traces) text += SummaryText(trace);
  return text;
}

// The trace that the arguments name.
Result<span::SpanBatch> LoadTrace(const ServiceContext& service,
                                  const storage::QueryContext& context,
                                  const Parameters& arguments) {
  const auto id = ParseTraceId(arguments.Get("trace_id"));
  if (!id) {
    return Status(StatusCode::kInvalidArgument, "trace_id: expected up to 32 hexadecimal digits");
  }
  auto trace = service.reader.GetTrace(context, *id);
  if (trace.ok()) SPANDREL_RETURN_IF_ERROR(context.Reserve(2 * trace->byte_size()));
  return trace;
}

Result<std::string> GetTrace(const ServiceContext& service, const storage::QueryContext& context,
                             const Parameters& arguments) {
  const auto most = arguments.Count("max_spans", 100, kMostSpans);
  if (!most.ok()) return most.status();
  const auto trace = LoadTrace(service, context, arguments);
  if (!trace.ok()) return trace.status();
  return OutlineText(*trace, *most);
}

Result<std::string> GetCriticalPath(const ServiceContext& service,
                                    const storage::QueryContext& context,
                                    const Parameters& arguments) {
  const auto trace = LoadTrace(service, context, arguments);
  if (!trace.ok()) return trace.status();
  return CriticalPathText(*trace);
}

Result<std::string> GetErrors(const ServiceContext& service, const storage::QueryContext& context,
                              const Parameters& arguments) {
  const auto trace = LoadTrace(service, context, arguments);
  if (!trace.ok()) return trace.status();
  return ErrorsText(*trace);
}

Result<std::string> GetSpan(const ServiceContext& service, const storage::QueryContext& context,
                            const Parameters& arguments) {
  const auto trace_id = ParseTraceId(arguments.Get("trace_id"));
  const auto span_id = ParseSpanId(arguments.Get("span_id"));
  if (!trace_id || !span_id) {
    return Status(StatusCode::kInvalidArgument,
                  "trace_id, span_id: expected up to 32 and 16 hexadecimal digits");
  }
  const auto found = service.reader.GetSpan(context, *trace_id, *span_id);
  if (!found.ok()) return found.status();
  std::string text;
  span::ForEachSpan(*found, [&text](const span::SpanRef& span) { text += SpanText(span); });
  return text;
}

struct Difference {
  std::string text;
  double distance = 0;  // between the shares of the two selections
};

void AddDifferences(const storage::FieldCounts& field, const storage::ValueCountsResult& counts,
                    std::vector<Difference>* differences) {
  for (const storage::CountedValue& value : field.values) {
    const double a = Share(value.a, counts.a);
    const double b = Share(value.b, counts.b);
    differences->push_back(
        {fmt::format("{} = {}: a {:.1f}% ({}), b {:.1f}% ({})", storage::FieldName(field.field),
                     OneLine(storage::ValueText(value.value)), a, value.a, b, value.b),
         std::abs(a - b)});
  }
}

// The filter with other tags.
Result<storage::Predicate> SelectionOf(const query::TraceFilter& filter,
                                       const Parameters& arguments, std::string_view name) {
  query::TraceFilter selected = filter;
  auto tags = query::ParseTags(arguments.Get(name));
  if (!tags.ok()) return tags.status().Annotate(name);
  std::vector<storage::Predicate> both;
  both.push_back(std::move(*tags));
  if (!filter.tags.is_all()) both.push_back(filter.tags);
  selected.tags = storage::Predicate::And(std::move(both));
  return query::FilterPredicate(selected);
}

Result<std::string> Compare(const ServiceContext& service, const storage::QueryContext& context,
                            const Parameters& arguments) {
  const auto filter = ParsePageFilter(arguments, service.clock.NowUnixNano());
  if (!filter.ok()) return filter.status();
  auto a = SelectionOf(*filter, arguments, "a");
  if (!a.ok()) return a.status();
  auto b = SelectionOf(*filter, arguments, "b");
  if (!b.ok()) return b.status();
  storage::ValueCountsRequest request;
  request.a = *a;
  request.b = *b;
  request.start_time = filter->start_time;
  request.intrinsics = {storage::Intrinsic::kName, storage::Intrinsic::kServiceName,
                        storage::Intrinsic::kStatus};
  const auto counts = service.reader.ValueCounts(context, request);
  if (!counts.ok()) return counts.status();
  std::vector<Difference> differences;
  for (const storage::FieldCounts& field : counts->fields) {
    AddDifferences(field, *counts, &differences);
  }
  std::stable_sort(differences.begin(), differences.end(), [](const auto& left, const auto& right) {
    return left.distance > right.distance;
  });
  std::string text = fmt::format("a: {} spans, b: {} spans; share of the spans that have a value\n",
                                 counts->a, counts->b);
  for (size_t i = 0; i < differences.size() && i < kMostDifferences; ++i) {
    text += differences[i].text + "\n";
  }
  if (counts->truncated) text += "not all values were told apart\n";
  return text;
}

constexpr std::array kRangeParameters = {kFrom, kTo};
constexpr std::array kTopologyParameters = {kFrom, kTo, kService};
constexpr std::array kOperationsParameters = {
    ToolParameter{"service", "string", "name of a service, exact", true}};
constexpr std::array kMetricsParameters = {
    ToolParameter{"service", "string", "name of a service, exact", true}, kFrom, kTo};
constexpr ToolParameter kOperation = {"operation", "string", "name of the spans, exact"};
constexpr ToolParameter kTags = {
    "tags", "string",
    "conditions that one span meets, in logfmt: http.route=/users error=true duration_ms>100 "
    "k=~regex !=, <, <=, >, >=; resource.KEY looks in resources only; a lone key means it is "
    "there"};
constexpr std::array kSearchParameters = {
    kService,
    kOperation,
    kTags,
    ToolParameter{"status", "string", "of the span: error, ok or unset"},
    ToolParameter{"minDuration", "string", "of the span, such as 250ms"},
    ToolParameter{"maxDuration", "string", "of the span, such as 2s"},
    kFrom,
    kTo,
    ToolParameter{"order", "string", "newest (the default) or slowest"},
    ToolParameter{"limit", "integer", "traces, 10 without it, at most 100"}};
constexpr std::array kNamesParameters = {
    ToolParameter{"prefix", "string", "what the key begins with"},   kService, kTags, kFrom, kTo,
    ToolParameter{"limit", "integer", "100 without it, at most 500"}};
constexpr std::array kValuesParameters = {
    ToolParameter{"key", "string",
                  "of the attribute; with span., resource., event. or link. before it, of that "
                  "place only",
                  true},
    ToolParameter{"prefix", "string", "what the value begins with"},
    kService,
    kTags,
    kFrom,
    kTo,
    ToolParameter{"limit", "integer", "50 without it, at most 500"}};
constexpr std::array kTraceParameters = {
    kTraceId, ToolParameter{"max_spans", "integer", "lines, 100 without it, at most 2000"}};
constexpr std::array kIdParameters = {kTraceId};
constexpr std::array kSpanParameters = {
    kTraceId, ToolParameter{"span_id", "string", "up to 16 hexadecimal digits", true}};
constexpr std::array kCompareParameters = {
    ToolParameter{"a", "string", "tags, as of search_traces, of the first selection", true},
    ToolParameter{"b", "string", "tags of the second selection", true},
    kService,
    kOperation,
    kFrom,
    kTo};

constexpr std::array kTools = {
    McpTool{"list_services", "Services",
            "Services with their spans, errors and p95 in a time range (default the last hour). "
            "Begin here.",
            kRangeParameters, ListServices},
    McpTool{"get_topology", "Calls between services",
            "Which service calls which, with counts, errors and latencies.", kTopologyParameters,
            GetTopology},
    McpTool{"list_operations", "Operations", "Names of the operations of a service.",
            kOperationsParameters, ListOperations},
    McpTool{"get_service_metrics", "Rate, errors, duration",
            "Calls a second, error share and p95 of a service by operation, in 12 steps over the "
            "time range. Counted from all stored spans.",
            kMetricsParameters, GetServiceMetrics},
    McpTool{"search_traces", "Search",
            "Traces of which one span meets all conditions. Says of each its root, duration, "
            "spans, errors and services.",
            kSearchParameters, SearchTraces},
    McpTool{"get_trace", "Trace outline",
            "The tree of a trace, a line a span: duration, offset, span id, share of the critical "
            "path, error. Long traces keep the longest and the failed spans.",
            kTraceParameters, GetTrace},
    McpTool{"get_critical_path", "Critical path",
            "Where the time of a trace went: services and spans by their own time on the critical "
            "path.",
            kIdParameters, GetCriticalPath},
    McpTool{"get_errors", "Errors of a trace",
            "Failed spans, the deepest first, with their messages and exceptions.", kIdParameters,
            GetErrors},
    McpTool{"get_span", "One span", "All attributes, events and links of a span.", kSpanParameters,
            GetSpan},
    McpTool{"list_attributes", "Attribute keys",
            "Which attributes spans have, the most frequent first, with the number of spans.",
            kNamesParameters, ListAttributes},
    McpTool{"list_attribute_values", "Attribute values",
            "Values of an attribute, the most frequent first, with the number of spans.",
            kValuesParameters, ListAttributeValues},
    McpTool{"compare", "Compare selections",
            "Which attribute values differ most between two selections of spans, such as "
            "error=true and error=false.",
            kCompareParameters, Compare},
};

}  // namespace

std::span<const McpTool> McpTools() {
  return kTools;
}

}  // namespace spandrel::api
