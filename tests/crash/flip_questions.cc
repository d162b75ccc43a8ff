// SPDX-License-Identifier: Apache-2.0
#include "crash/flip_questions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>

#include "span/span_view.h"

namespace spandrel::crash {
namespace {

using storage::AttributeField;
using storage::CompareOp;
using storage::Intrinsic;
using storage::Predicate;
using storage::QueryContext;

constexpr uint64_t kMinute = 60'000'000'000;
constexpr const char* kTextKey = "http.route";
constexpr const char* kNumberKey = "tenant.id";
constexpr int64_t kSlow = 200'000'000;

std::string TextOf(const span::SpanBatch& batch) {
  std::string text;
  span::ForEachSpan(batch, [&text](const span::SpanRef& span) {
    text.append(span.message()).append(span.resource().message).append(span.scope().message);
  });
  return text;
}

std::string TextOf(const storage::SearchResult& found) {
  std::string text;
  for (const storage::TraceSummary& trace : found.traces) {
    text += fmt::format("{} {} {} {} {} {} {} {}\n", trace.trace_id.ToHex(), trace.root_service,
                        trace.root_name, trace.start_time_unix_nano, trace.span_count,
                        trace.error_count, trace.matched_count, trace.end_time_unix_nano);
  }
  return text;
}

std::string TextOf(const storage::AggregateResult& found) {
  std::string text;
  for (const auto& series : found.series) {
    for (const auto& bucket : series.buckets) {
      text +=
          fmt::format("{} {} {} {} {}\n", fmt::join(series.group, ","), bucket.start_time_unix_nano,
                      bucket.count, bucket.error_count, bucket.latency.Quantile(0.99));
    }
  }
  return text;
}

std::string TextOf(const std::vector<storage::Dependency>& found) {
  std::string text;
  for (const auto& [parent, child, calls, errors, latency] : found) {
    text += fmt::format("{} {} {} {} {}\n", parent, child, calls, errors, latency.Quantile(0.99));
  }
  return text;
}

std::string TextOf(const std::vector<std::string>& found) {
  return fmt::format("{}", fmt::join(found, "\n"));
}

std::string TextOf(const std::vector<storage::Operation>& found) {
  std::string text;
  for (const auto& [name, kind] : found) {
    text += fmt::format("{} {}\n", name, static_cast<int>(kind));
  }
  return text;
}

std::string TextOf(const std::vector<storage::AttributeName>& found) {
  std::string text;
  for (const auto& name : found) {
    text += fmt::format("{} {}\n", static_cast<int>(name.scope), name.key);
  }
  return text;
}

class Questioner {
 public:
  Questioner(columnar::Engine& store, const AskedFor& asked)
      : tenant_(store.ForTenant(asked.tenant)), store_(*tenant_), asked_(asked) {}

  std::vector<Answer> AskAll() {
    for (const span::TraceId& id : asked_.traces) {
      Ask("trace " + id.ToHex(), [&](auto& context) { return store_.GetTrace(context, id); });
    }
    AskLists();
    AskSearches();
    AskCounts();
    return std::move(answers_);
  }

 private:
  template <typename Question>
  void Ask(std::string name, const Question& question) {
    const QueryContext context;
    const auto found = question(context);
    Answer answer{.question = asked_.tenant + ": " + std::move(name)};
    const bool is_absent = !found.ok() && found.status().code() == base::StatusCode::kNotFound;
    answer.failed = !found.ok() && !is_absent;
    answer.hash = std::hash<std::string>()(found.ok() ? TextOf(*found) : "nothing");
    answer.unreadable_spans = context.unreadable_spans();
    answers_.push_back(std::move(answer));
  }

  void AskLists() {
    Ask("services", [&](auto& context) { return store_.Services(context); });
    Ask("operations", [&](auto& context) { return store_.Operations(context, ""); });
    Ask("tag names", [&](auto& context) {
      return store_.TagNames(context, Predicate::All(), asked_.range, 1000);
    });
    Ask("tag values", [&](auto& context) {
      return store_.TagValues(context, AttributeField{.key = kTextKey}, Predicate::All(),
                              asked_.range, 1000);
    });
  }

  void Search(std::string name, Predicate where, storage::Order order = storage::Order::kNewest) {
    storage::SearchRequest request;
    request.where = std::move(where);
    request.order = order;
    request.start_time = asked_.range;
    Ask(std::move(name), [&](auto& context) { return store_.Search(context, request); });
  }

  void AskSearches() {
    Search("newest", Predicate::All());
    Search("by service",
           Predicate::Compare(Intrinsic::kServiceName, CompareOp::kEqual, asked_.service));
    Search("by tag",
           Predicate::Compare(AttributeField{.key = kNumberKey}, CompareOp::kEqual, int64_t{17}));
    Search("by text", Predicate::Compare(AttributeField{.key = kTextKey}, CompareOp::kMatches,
                                         std::string("resource1/")));
    Search("by duration",
           Predicate::Compare(Intrinsic::kDuration, CompareOp::kGreaterOrEqual, kSlow));
    Search("slowest", Predicate::All(), storage::Order::kSlowest);
  }

  void AskCounts() {
    storage::AggregateRequest request;
    request.start_time = asked_.range;
    Ask("count", [&](auto& context) { return store_.Aggregate(context, request); });
    request.group_by = {Intrinsic::kServiceName};
    request.step_nano = kMinute;
    Ask("rates", [&](auto& context) { return store_.Aggregate(context, request); });
    request.where = Predicate::Compare(Intrinsic::kDuration, CompareOp::kGreaterOrEqual, kSlow);
    Ask("slow", [&](auto& context) { return store_.Aggregate(context, request); });
    Ask("dependencies", [&](auto& context) { return store_.Dependencies(context, asked_.range); });
  }

  const std::unique_ptr<columnar::Engine> tenant_;
  columnar::Engine& store_;
  const AskedFor& asked_;
  std::vector<Answer> answers_;
};

}  // namespace

std::vector<span::TraceId> SampleTraces(columnar::Engine& store, storage::TimeRange range,
                                        size_t count) {
  std::vector<span::TraceId> traces;
  const uint64_t step = (range.max_unix_nano - range.min_unix_nano) / count;
  for (size_t i = 1; i <= count; ++i) {
    storage::SearchRequest request;
    request.limit = 1;
    request.start_time = {range.min_unix_nano, range.min_unix_nano + i * step};
    const auto found = store.Search({}, request);
    if (!found.ok()) continue;
    for (const auto& trace : found->traces) traces.push_back(trace.trace_id);
  }
  return traces;
}

std::vector<Answer> AskQuestions(columnar::Engine& store, const AskedFor& asked) {
  return Questioner(store, asked).AskAll();
}

}  // namespace spandrel::crash
