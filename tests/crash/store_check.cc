// SPDX-License-Identifier: Apache-2.0
#include "crash/store_check.h"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "span/span_view.h"
#include "wire/otlp/otlp.h"

namespace spandrel::crash {
namespace {

struct SentSpan {
  std::string message;
  std::string resource;
  std::string scope;
  friend bool operator==(const SentSpan&, const SentSpan&) = default;
};

SentSpan ContentOf(const span::SpanRef& span) {
  return {std::string(span.message()), std::string(span.resource().message),
          std::string(span.scope().message)};
}

class Checker {
 public:
  Checker(storage::Reader& store, const RequestShape& shape) : store_(store), shape_(shape) {
    for (uint64_t i = 0; i < shape.tenants; ++i) {
      const std::string tenant = NumberedTenant(i, shape);
      contexts_.push_back(
          std::make_unique<storage::QueryContext>(storage::QueryOptions{.tenants = {tenant}}));
    }
  }

  void CheckRequest(uint64_t number, bool acknowledged) {
    const uint64_t present_before = findings_.present;
    if (acknowledged) findings_.acknowledged += shape_.span_count();
    const auto sent =
        wire::DecodeOtlpProtobuf(base::MakeSharedBytes(EncodeNumberedRequest(number, shape_)));
    std::map<span::TraceId, std::map<span::SpanId, SentSpan>> traces;
    span::ForEachSpan(span::SpanBatch(sent->chunk), [&](const span::SpanRef& span) {
      traces[span.entry().trace_id][span.entry().span_id] = ContentOf(span);
    });
    const auto& context = *contexts_[number % contexts_.size()];
    for (const auto& [id, spans] : traces) CheckTrace(context, id, spans, acknowledged);
    const uint64_t present = findings_.present - present_before;
    if (!acknowledged && present != 0 && present != shape_.span_count()) ++findings_.half;
  }

  void CountAll() {
    uint64_t count = 0;
    for (const auto& context : contexts_) {
      const auto all = store_.Aggregate(*context, {});
      if (!all.ok()) return static_cast<void>(++findings_.failed_reads);
      for (const auto& series : all->series) {
        for (const auto& bucket : series.buckets) count += bucket.count;
      }
    }
    if (count > findings_.present) findings_.overcounted = count - findings_.present;
    if (count < findings_.present) findings_.undercounted = findings_.present - count;
  }

  Findings TakeFindings() { return std::move(findings_); }

 private:
  void CheckTrace(const storage::QueryContext& context, const span::TraceId& id,
                  const std::map<span::SpanId, SentSpan>& sent, bool acknowledged) {
    const auto stored = store_.GetTrace(context, id);
    if (!stored.ok() && stored.status().code() != base::StatusCode::kNotFound) {
      ++findings_.failed_reads;
    }
    std::set<span::SpanId> seen;
    if (stored.ok()) {
      span::ForEachSpan(*stored, [&](const span::SpanRef& span) { CheckSpan(span, sent, &seen); });
    }
    findings_.present += seen.size();
    if (!acknowledged) return;
    for (const auto& [span_id, content] : sent) {
      if (!seen.contains(span_id)) findings_.missing.insert({id, span_id});
    }
  }

  void CheckSpan(const span::SpanRef& span, const std::map<span::SpanId, SentSpan>& sent,
                 std::set<span::SpanId>* seen) {
    const auto found = sent.find(span.entry().span_id);
    if (found == sent.end()) return static_cast<void>(++findings_.phantom);
    if (!seen->insert(found->first).second) ++findings_.repeated;
    if (!(ContentOf(span) == found->second)) ++findings_.wrong;
  }

  storage::Reader& store_;
  const RequestShape shape_;
  std::vector<std::unique_ptr<storage::QueryContext>> contexts_;  // of the tenants
  Findings findings_;
};

}  // namespace

std::string Findings::ToString() const {
  return fmt::format(
      "acknowledged={} lost={} wrong={} repeated={} phantom={} half={} failed_reads={} "
      "overcounted={} "
      "undercounted={}",
      acknowledged, missing.size(), wrong, repeated, phantom, half, failed_reads, overcounted,
      undercounted);
}

Findings CheckStore(storage::Reader& store, const Ledger& ledger, const RequestShape& shape,
                    bool others) {
  Checker checker(store, shape);
  for (const auto& [number, acknowledged] : ledger.requests) {
    checker.CheckRequest(number, acknowledged);
  }
  if (!others) checker.CountAll();
  return checker.TakeFindings();
}

}  // namespace spandrel::crash
