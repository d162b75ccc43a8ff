// SPDX-License-Identifier: Apache-2.0
#include "columnar/tenant_store.h"

#include <iterator>
#include <utility>

namespace spandrel::columnar {

base::Result<std::shared_ptr<TenantStore>> TenantStore::Open(const TenantContext& context,
                                                             StoreLayout layout) {
  base::Result<std::unique_ptr<PartSet>> parts =
      PartSet::Open(layout, context.metrics, context.open_parts);
  if (!parts.ok()) return parts.status();
  std::shared_ptr<TenantStore> store(new TenantStore(context, layout, *std::move(parts)));
  store->stored_.Install(store->parts_->parts());
  return store;
}

std::shared_ptr<TenantStore> TenantStore::Make(const TenantContext& context, StoreLayout layout) {
  return std::shared_ptr<TenantStore>(new TenantStore(
      context, layout, PartSet::MakeEmpty(layout, context.metrics, context.open_parts)));
}

TenantStore::TenantStore(const TenantContext& context, const StoreLayout& layout,
                         std::unique_ptr<PartSet> parts)
    : on_damage_(context.on_damage),
      lost_requests_(context.lost_requests),
      parts_(std::move(parts)),
      stored_(context.options, context.metrics, context.events, context.head_memory),
      upkeep_(context.options, layout, *parts_, stored_, context.shared, context.metrics) {}

void TenantStore::UseReserve(disk::SpaceReserve* reserve) {
  parts_->UseReserve(reserve);
  upkeep_.UseReserve(reserve);
}

Snapshot TenantStore::TakeSnapshot(const std::vector<std::shared_ptr<TenantStore>>& stores) {
  Snapshot all;
  for (const auto& store : stores) {
    Snapshot one = store->stored_.TakeSnapshot();
    std::move(one.parts.begin(), one.parts.end(), std::back_inserter(all.parts));
    std::move(one.heads.begin(), one.heads.end(), std::back_inserter(all.heads));
  }
  return all;
}

void TenantStore::TellLost(const storage::QueryContext& context) const {
  parts_->TellLost(context);
  const auto place_of = [](const void* what) { return reinterpret_cast<uintptr_t>(what); };
  // At least one span each.
  if (const uint64_t lost = lost_requests_; lost > 0) {
    context.NoteUnreadable(place_of(&lost_requests_), lost);
  }
  if (const uint64_t lost = stored_.lost_spans(); lost > 0) {
    context.NoteUnreadable(place_of(&stored_), lost);
  }
}

bool TenantStore::AnyHeadDamaged(const Snapshot& snapshot) {
  return std::any_of(snapshot.heads.begin(), snapshot.heads.end(),
                     [](const HeadView& head) { return head.damaged(); });
}

}  // namespace spandrel::columnar
