// SPDX-License-Identifier: Apache-2.0
#include "columnar/engine.h"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "columnar/host.h"
#include "columnar/read/count/aggregate.h"
#include "columnar/read/count/dependencies.h"
#include "columnar/read/count/measure.h"
#include "columnar/read/count/value_counts.h"
#include "columnar/read/list/catalog.h"
#include "columnar/read/list/lists.h"
#include "columnar/read/traces/export.h"
#include "columnar/read/traces/fetch.h"
#include "columnar/read/traces/search.h"
#include "columnar/read/traces/trace_scan.h"
#include "columnar/read/traces/verify.h"
#include "columnar/tenant_store.h"
#include "signal/origin.h"
#include "storage/narrow.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;

}  // namespace

// The face of a host: whose spans and questions are meant.
class Engine::Impl {
 public:
  // `tenant`: everything is of that one.
  Impl(std::shared_ptr<Host> host, std::optional<std::string> tenant)
      : host_(std::move(host)), tenant_(std::move(tenant)) {}
  ~Impl() { Close(); }

  void Close() {
    if (!tenant_) host_->Close();
  }
  Host& host() { return *host_; }
  const Host& host() const { return *host_; }
  const std::shared_ptr<Host>& shared_host() const { return host_; }
  bool by_tenant() const { return host_->options().tenants && !tenant_; }

  void Append(std::string named, span::SpanBatch&& batch, storage::Completion done) {
    host_->Append(TenantOf(named), std::move(batch), std::move(done));
  }
  storage::StoreStats Stats() const { return host_->Stats(tenant_); }
  std::vector<PartInfo> Parts() const;
  Result<TraceWalk> Walk(const storage::QueryContext& context,
                         const std::vector<TraceStart>& traces, const TraceVisitor& visit);
  VerifyReport Verify(const VerifyProgress& progress);

  // Runs a query on what the context's tenants have stored now, see TenantStore::Read.
  template <typename Query>
  auto Read(const storage::QueryContext& context, Query&& query) {
    return TenantStore::Read(StoresOf(context.tenants()), context, query);
  }

 private:
  std::vector<std::shared_ptr<TenantStore>> StoresOf(const std::vector<std::string>& named) const;
  const std::string& TenantOf(const std::string& named) const {
    static const std::string kDefault;
    if (tenant_) return *tenant_;
    return host_->options().tenants ? named : kDefault;
  }

  const std::shared_ptr<Host> host_;
  const std::optional<std::string> tenant_;
};

// Of those that have stored something, each once.
std::vector<std::shared_ptr<TenantStore>> Engine::Impl::StoresOf(
    const std::vector<std::string>& named) const {
  std::set<std::string> tenants;
  for (const std::string& name : named) tenants.insert(TenantOf(name));
  if (tenants.empty()) tenants.insert(TenantOf(""));
  std::vector<std::shared_ptr<TenantStore>> stores;
  for (const std::string& tenant : tenants) {
    if (auto store = host_->Find(tenant)) stores.push_back(std::move(store));
  }
  return stores;
}

std::vector<PartInfo> Engine::Impl::Parts() const {
  std::vector<PartInfo> parts;
  for (const auto& tenant : tenant_ ? std::vector{host_->Find(*tenant_)} : host_->Tenants()) {
    if (tenant == nullptr) continue;
    for (const PartPtr& part : tenant->parts().parts()) {
      const PartFooter& footer = part->footer();
      const PolicyRecord dropped = footer.policy.value_or(PolicyRecord());
      parts.push_back({part->path(), part->file_size(), footer.row_count, footer.trace_count,
                       footer.min_start, footer.max_start, footer.policy.has_value(),
                       dropped.dropped_spans, dropped.dropped_traces});
    }
  }
  return parts;
}

Result<TraceWalk> Engine::Impl::Walk(const storage::QueryContext& context,
                                     const std::vector<TraceStart>& traces,
                                     const TraceVisitor& visit) {
  TraceWalk walk;
  size_t next = 0;
  // Until a part turns out to be damaged, one snapshot serves; the next one is without that part.
  const auto walk_on = [&](const Snapshot& snapshot) -> Result<TraceWalk> {
    Scan scan(context, snapshot);
    TraceFetch fetch(scan);
    for (; next < traces.size(); ++next) {
      const auto batch = CopyTrace(fetch, traces[next].id);
      if (!batch.ok()) return batch.status();
      if (batch->empty()) continue;
      if (!visit(*batch)) break;
      ++walk.traces;
      walk.spans += batch->span_count();
    }
    return walk;
  };
  Result<TraceWalk> walked = Read(context, walk_on);
  // Of finding the traces too.
  if (walked.ok()) walked->unreadable_spans = context.unreadable_spans();
  return walked;
}

VerifyReport Engine::Impl::Verify(const VerifyProgress& progress) {
  VerifyReport report;
  report.damage = host_->damage();
  for (const auto& tenant : host_->Tenants()) {
    report.spans += tenant->stored().head_spans();
    for (const PartPtr& part : tenant->parts().parts()) {
      const ReadThrough read =
          ReadThroughPart(part, [&](uint64_t spans) { return progress(report.spans + spans); });
      report.spans += read.spans;
      report.unreadable_spans += read.unreadable_spans;
      ++report.parts;
      if (!read.damage.empty()) report.damage.push_back({part->path(), read.damage});
      part->ReleasePages();
      if (read.stopped) return report;
    }
  }
  report.complete = true;
  return report;
}

Result<std::unique_ptr<Engine>> Engine::Open(EngineOptions options, base::MetricRegistry& metrics) {
  auto host = Host::Open(std::move(options), metrics);
  if (!host.ok()) return host.status();
  auto impl = std::make_unique<Impl>(*std::move(host), std::nullopt);
  return std::unique_ptr<Engine>(new Engine(std::move(impl)));
}

std::unique_ptr<Engine> Engine::ForTenant(std::string name) const {
  auto impl = std::make_unique<Impl>(impl_->shared_host(), std::move(name));
  return std::unique_ptr<Engine>(new Engine(std::move(impl)));
}

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Engine::~Engine() = default;

void Engine::Close() {
  impl_->Close();
}

void Engine::Append(span::SpanBatch&& batch, storage::Completion done) {
  std::string tenant = batch.origin() == nullptr ? std::string() : batch.origin()->tenant;
  impl_->Append(std::move(tenant), std::move(batch), std::move(done));
}

void Engine::Append(std::string tenant, span::SpanBatch&& batch, storage::Completion done) {
  impl_->Append(std::move(tenant), std::move(batch), std::move(done));
}

storage::Capabilities Engine::capabilities() const {
  return {.tenants = impl_->by_tenant()};
}

storage::Pushdown Engine::PushesDown(const storage::Expression& expression) const {
  const storage::Narrowed narrowed = storage::Narrow(expression);
  if (narrowed.exact) return storage::Pushdown::kExact;
  return narrowed.where.is_all() ? storage::Pushdown::kNone : storage::Pushdown::kSuperset;
}

Result<span::SpanBatch> Engine::GetTrace(const storage::QueryContext& context,
                                         const span::TraceId& trace_id) {
  return impl_->Read(
      context, [&](const Snapshot& snapshot) { return ReadTrace(context, snapshot, trace_id); });
}

Status Engine::GetTraces(const storage::QueryContext& context,
                         const std::vector<storage::WantedTrace>& traces,
                         storage::SpansSink& sink) {
  TracesReader reader(context, traces, sink);
  return impl_->Read(context, [&](const Snapshot& snapshot) { return reader.Send(snapshot); })
      .status();
}

Result<span::SpanBatch> Engine::GetSpan(const storage::QueryContext& context,
                                        const span::TraceId& trace_id,
                                        const span::SpanId& span_id) {
  return impl_->Read(context, [&](const Snapshot& snapshot) {
    return ReadSpan(context, snapshot, trace_id, span_id);
  });
}

Result<storage::SearchResult> Engine::Search(const storage::QueryContext& context,
                                             const storage::SearchRequest& request) {
  return impl_->Read(
      context, [&](const Snapshot& snapshot) { return SearchTraces(context, snapshot, request); });
}

Result<storage::AggregateResult> Engine::Aggregate(const storage::QueryContext& context,
                                                   const storage::AggregateRequest& request) {
  return impl_->Read(context, [&](const Snapshot& snapshot) {
    return AggregateSpans(context, snapshot, request);
  });
}

Status Engine::TraceScan(const storage::QueryContext& context,
                         const storage::TraceScanRequest& request, storage::TraceSink& sink) {
  Result<TraceScanner> scanner = TraceScanner::Make(context, request, sink);
  if (!scanner.ok()) return scanner.status();
  return impl_->Read(context, [&](const Snapshot& snapshot) { return scanner->Send(snapshot); })
      .status();
}

Result<storage::MeasureResult> Engine::Measure(const storage::QueryContext& context,
                                               const storage::MeasureRequest& request) {
  return impl_->Read(
      context, [&](const Snapshot& snapshot) { return MeasureSpans(context, snapshot, request); });
}

Result<storage::ValueCountsResult> Engine::ValueCounts(const storage::QueryContext& context,
                                                       const storage::ValueCountsRequest& request) {
  return impl_->Read(
      context, [&](const Snapshot& snapshot) { return CountValues(context, snapshot, request); });
}

Result<storage::NamesResult> Engine::Names(const storage::QueryContext& context,
                                           const storage::NamesRequest& request) {
  return impl_->Read(
      context, [&](const Snapshot& snapshot) { return ListNames(context, snapshot, request); });
}

Result<storage::ValuesResult> Engine::Values(const storage::QueryContext& context,
                                             const storage::ValuesRequest& request) {
  return impl_->Read(
      context, [&](const Snapshot& snapshot) { return ListValues(context, snapshot, request); });
}

Result<std::vector<std::string>> Engine::Services(const storage::QueryContext& context) {
  return impl_->Read(context,
                     [&](const Snapshot& snapshot) { return ListServices(context, snapshot); });
}

Result<std::vector<storage::Operation>> Engine::Operations(const storage::QueryContext& context,
                                                           std::string_view service) {
  return impl_->Read(context, [&](const Snapshot& snapshot) {
    return ListOperations(context, snapshot, service);
  });
}

Result<std::vector<storage::AttributeName>> Engine::TagNames(const storage::QueryContext& context,
                                                             const storage::Predicate& where,
                                                             storage::TimeRange range,
                                                             size_t limit) {
  return impl_->Read(context, [&](const Snapshot& snapshot) {
    return ListTagNames(context, snapshot, where, range, limit);
  });
}

Result<std::vector<std::string>> Engine::TagValues(const storage::QueryContext& context,
                                                   const storage::Field& field,
                                                   const storage::Predicate& where,
                                                   storage::TimeRange range, size_t limit) {
  return impl_->Read(context, [&](const Snapshot& snapshot) {
    return ListTagValues(context, snapshot, field, where, range, limit);
  });
}

Result<std::vector<storage::Dependency>> Engine::Dependencies(const storage::QueryContext& context,
                                                              storage::TimeRange range) {
  return impl_->Read(context, [&](const Snapshot& snapshot) {
    return FindDependencies(context, snapshot, range);
  });
}

storage::StoreStats Engine::Stats() const {
  return impl_->Stats();
}

base::Health Engine::Health() const {
  return impl_->host().Health();
}

Durability Engine::durability() const {
  return impl_->host().options().durability;
}

const EngineOptions& Engine::options() const {
  return impl_->host().options();
}

std::vector<std::string> Engine::Tenants() const {
  return impl_->host().TenantNames();
}

std::vector<PartInfo> Engine::Parts() const {
  return impl_->Parts();
}

Result<uint64_t> Engine::CountTraces(const storage::QueryContext& context,
                                     const storage::Predicate& where, storage::TimeRange range) {
  const auto traces = impl_->Read(context, [&](const Snapshot& snapshot) {
    return ListTraces(context, snapshot, where, range);
  });
  if (!traces.ok()) return traces.status();
  return uint64_t{traces->size()};
}

Result<TraceWalk> Engine::ForEachTrace(const storage::QueryContext& context,
                                       const storage::Predicate& where, storage::TimeRange range,
                                       const TraceVisitor& visit) {
  const auto traces = impl_->Read(context, [&](const Snapshot& snapshot) {
    return ListTraces(context, snapshot, where, range);
  });
  if (!traces.ok()) return traces.status();
  return impl_->Walk(context, *traces, visit);
}

VerifyReport Engine::Verify(const VerifyProgress& progress) {
  return impl_->Verify(progress);
}

void Engine::Settle() {
  impl_->host().Settle();
}

void Engine::ReleaseMemory() {
  impl_->host().ReleaseMemory();
}

void Engine::Repair() {
  impl_->host().Repair();
}

}  // namespace spandrel::columnar
