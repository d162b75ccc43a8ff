// SPDX-License-Identifier: Apache-2.0
#include "cli/store_source.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "api/tempo/tempo_attributes.h"
#include "base/log.h"
#include "cli/when.h"
#include "query/renamed_reader.h"
#include "query/traceql/metrics.h"
#include "query/traceql/search.h"
#include "store_tool/store_command.h"
#include "traceql/parse.h"

namespace spandrel::cli {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

// Several values are one text.
storage::Value JoinedValue(const std::vector<storage::Value>& values) {
  if (values.size() == 1) return values[0];
  std::string joined;
  for (const storage::Value& value : values) {
    joined += (joined.empty() ? "" : ", ") + storage::ValueText(value);
  }
  return joined;
}

// As a server tells it, so that both say the same.
SpanRow RowOf(const query::FoundSpan& found) {
  SpanRow span{.span_id = found.span_id,
               .start_unix_nano = found.start_time_unix_nano,
               .duration_nano = found.duration_nano,
               .name = api::TempoSpanName(found)};
  for (const api::TempoAttribute& attribute : api::TempoAttributesOf(found)) {
    span.fields.emplace_back(attribute.key, JoinedValue(attribute.values));
  }
  return span;
}

TraceRow RowOf(const query::FoundTrace& found) {
  TraceRow trace{.trace_id = found.trace_id,
                 .has_root = found.has_root,
                 .root_service = found.root_service,
                 .root_name = found.root_name,
                 .start_unix_nano = found.start_time_unix_nano,
                 .duration_nano = found.duration_nano};
  for (const storage::ServiceSummary& service : found.services) {
    trace.services.push_back(service.name);
    trace.spans += service.span_count;
    trace.errors += service.error_count;
  }
  for (const query::FoundSpanset& spanset : found.spansets) {
    trace.matched += spanset.matched;
    for (const query::FoundSpan& span : spanset.spans) trace.shown.push_back(RowOf(span));
  }
  return trace;
}

SeriesRow RowOf(const query::Series& series, const query::TimePoints& points) {
  SeriesRow row;
  for (const auto& [key, value] : series.labels) {
    row.labels.emplace_back(key, storage::ValueText(value));
  }
  for (size_t i = 0; i < series.values.size(); ++i) {
    if (!std::isnan(series.values[i])) row.points.emplace_back(points.At(i), series.values[i]);
  }
  return row;
}

// A directory in use has somebody to ask.
Status Explained(const Status& status) {
  if (status.message().find("held by another") == std::string::npos) return status;
  return {status.code(), status.message() + "; a running server is asked with --server URL"};
}

}  // namespace

Result<std::unique_ptr<StoreSource>> StoreSource::Open(const CommandOptions& options,
                                                       const store_tool::Interrupts& interrupts) {
  const auto timeout = ParseSpan(options.timeout);
  if (!timeout.ok()) return timeout.status().Annotate("--timeout");
  std::unique_ptr<StoreSource> source(new StoreSource(interrupts));
  source->timeout_ = std::chrono::nanoseconds(*timeout);
  source->exact_names_ = options.exact_names;
  // What goes wrong is said by the command.
  base::SetLogLevel(base::LogLevel::kOff);
  columnar::EngineOptions engine;
  engine.directory = options.data;
  engine.read_only = true;
  auto store = columnar::Engine::Open(std::move(engine), source->metrics_);
  if (!store.ok()) return Explained(store.status());
  source->store_ = *std::move(store);
  auto tenant = store_tool::FindTenant(*source->store_, options.tenant);
  if (!tenant.ok()) return tenant.status();
  source->tenant_ = *std::move(tenant);
  return source;
}

StoreSource::~StoreSource() {
  tenant_.reset();
  if (store_ != nullptr) store_->Close();
}

template <typename Ask>
auto StoreSource::WithContext(Ask&& ask) {
  store_tool::ProgressLine line("reading");
  const uint64_t total = tenant_->Stats().spans;
  storage::QueryOptions options;
  options.deadline = std::chrono::steady_clock::now() + timeout_;
  options.memory = &memory_;
  options.exact_names = exact_names_;
  options.is_cancelled = [this] { return interrupts_.came(); };
  options.progress = [&line, total](const storage::Inspected& inspected) {
    line.ShowSpans(inspected.spans, total);
  };
  const storage::QueryContext context(std::move(options));
  auto answer = std::forward<Ask>(ask)(context);
  unreadable_spans_ += context.unreadable_spans();
  return answer;
}

Result<SearchAnswer> StoreSource::Search(const SearchQuestion& question) {
  auto query = traceql::Parse(question.query);
  if (!query.ok()) return query.status();
  auto* const pipeline = std::get_if<traceql::Pipeline>(&query->what);
  if (pipeline == nullptr) return Status(StatusCode::kInvalidArgument, "not a query of spans");
  const query::SpansSearch search{std::move(*pipeline),
                                  {question.from_unix_nano, question.to_unix_nano + 1},
                                  question.limit,
                                  question.spans_per_set};
  return WithContext([&](const storage::QueryContext& context) -> Result<SearchAnswer> {
    query::RenamedReader reader(*tenant_);
    const auto found = query::SearchSpans(context, reader, search);
    if (!found.ok()) return found.status();
    SearchAnswer answer;
    for (const query::FoundTrace& trace : found->traces) answer.traces.push_back(RowOf(trace));
    answer.inspected_spans = context.inspected().spans;
    return answer;
  });
}

Result<SeriesAnswer> StoreSource::Series(const SeriesQuestion& question) {
  const auto query = traceql::Parse(question.query);
  if (!query.ok()) return query.status();
  const auto* const expr = std::get_if<traceql::MetricsExpr>(&query->what);
  if (expr == nullptr) return Status(StatusCode::kInvalidArgument, "not a query of metrics");
  const uint64_t steps = (question.to_unix_nano - question.from_unix_nano) / question.step_nano;
  const query::SeriesRequest request{{question.from_unix_nano, question.step_nano, steps + 1},
                                     question.limit};
  return WithContext([&](const storage::QueryContext& context) -> Result<SeriesAnswer> {
    query::RenamedReader reader(*tenant_);
    const auto set = query::MakeSeries(context, reader, *expr, request);
    if (!set.ok()) return set.status();
    SeriesAnswer answer;
    for (const query::Series& series : set->series) {
      answer.series.push_back(RowOf(series, request.points));
    }
    answer.truncated = set->truncated;
    return answer;
  });
}

Result<span::SpanBatch> StoreSource::Trace(const span::TraceId& id) {
  return WithContext(
      [&](const storage::QueryContext& context) { return tenant_->GetTrace(context, id); });
}

}  // namespace spandrel::cli
