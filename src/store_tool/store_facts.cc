// SPDX-License-Identifier: Apache-2.0
#include "store_tool/store_facts.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "columnar/options/store_layout.h"

namespace spandrel::store_tool {
namespace {

using base::Result;
using columnar::PartInfo;

uint64_t FilesIn(const std::string& folder) {
  std::error_code error;
  const std::filesystem::directory_iterator files(folder, error);
  return error ? 0 : static_cast<uint64_t>(std::distance(begin(files), end(files)));
}

Result<uint64_t> CountSpans(columnar::Engine& tenant) {
  const auto counted = tenant.Aggregate({}, {});
  if (!counted.ok()) return counted.status();
  uint64_t count = 0;
  for (const auto& series : counted->series) {
    for (const auto& bucket : series.buckets) count += bucket.count;
  }
  return count;
}

Result<TenantFacts> CollectOf(columnar::Engine& tenant, const std::string& name) {
  const storage::StoreStats stats = tenant.Stats();
  const auto traces = tenant.CountTraces({}, {}, {});
  if (!traces.ok()) return traces.status();
  const auto counted = CountSpans(tenant);
  if (!counted.ok()) return counted.status();
  auto services = tenant.Services({});
  if (!services.ok()) return services.status();
  return TenantFacts{.name = name,
                     .spans = stats.spans,
                     .log_spans = stats.unsettled_spans,
                     .traces = *traces,
                     .counted_spans = *counted,
                     .services = *std::move(services),
                     .parts = tenant.Parts()};
}

void Add(const TenantFacts& tenant, TenantFacts* all) {
  all->spans += tenant.spans;
  all->log_spans += tenant.log_spans;
  all->traces += tenant.traces;
  all->counted_spans += tenant.counted_spans;
  std::set<std::string> services(all->services.begin(), all->services.end());
  services.insert(tenant.services.begin(), tenant.services.end());
  all->services.assign(services.begin(), services.end());
  all->parts.insert(all->parts.end(), tenant.parts.begin(), tenant.parts.end());
}

}  // namespace

uint64_t TenantFacts::part_bytes() const {
  uint64_t bytes = 0;
  for (const PartInfo& part : parts) bytes += part.bytes;
  return bytes;
}

bool StoreFacts::has_named_tenants() const {
  return std::any_of(tenants.begin(), tenants.end(),
                     [](const TenantFacts& tenant) { return !tenant.name.empty(); });
}

double StoreFacts::bytes_per_span() const {
  const uint64_t spans = all.spans - all.log_spans;
  return spans == 0 ? 0 : static_cast<double>(all.part_bytes()) / static_cast<double>(spans);
}

PartInfo StoreFacts::dropped_by_policy() const {
  PartInfo sum;
  for (const PartInfo& part : all.parts) {
    sum.policy_applied |= part.policy_applied;
    sum.dropped_spans += part.dropped_spans;
    sum.dropped_traces += part.dropped_traces;
  }
  return sum;
}

uint64_t QuarantinedFiles(const columnar::Engine& store) {
  const columnar::StoreLayout layout(store.options().directory, /*for_reading=*/true);
  uint64_t files = FilesIn(layout.QuarantineFolder());
  for (const std::string& name : store.Tenants()) {
    if (!name.empty()) files += FilesIn(layout.OfTenant(name).QuarantineFolder());
  }
  return files;
}

Result<StoreFacts> CollectFacts(columnar::Engine& store) {
  StoreFacts facts;
  facts.directory = store.options().directory;
  facts.log_bytes = store.Stats().Figure("log_bytes").value_or(0);
  const std::vector<std::string> names = store.Tenants();
  for (const std::string& name : names) {
    const auto engine = store.ForTenant(name);
    auto tenant = CollectOf(*engine, name);
    if (!tenant.ok()) return tenant.status();
    Add(*tenant, &facts.all);
    if (tenant->spans > 0 || !name.empty()) facts.tenants.push_back(*std::move(tenant));
  }
  facts.quarantined_files = QuarantinedFiles(store);
  return facts;
}

}  // namespace spandrel::store_tool
