// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "base/status.h"
#include "columnar/background/upkeep.h"
#include "columnar/options/options.h"
#include "columnar/options/store_layout.h"
#include "columnar/snapshot/part_set.h"
#include "columnar/snapshot/stored_spans.h"
#include "disk/space_reserve.h"

namespace spandrel::columnar {

// What a host gives to each of its tenants. All of it outlives them.
struct TenantContext {
  const EngineOptions& options;
  base::MetricRegistry& metrics;
  HeadMemory& head_memory;
  std::shared_ptr<OpenParts> open_parts;
  StoredSpans::Events events;
  SharedStore shared;
  std::function<void()> on_damage;  // a part turned out to be damaged
  // Of the log, nobody knows whose: answers to every tenant may lack them.
  const std::atomic<uint64_t>& lost_requests;
};

// The spans of one tenant: heads in memory, parts and their manifest in folders of its own. It
// costs a few kilobytes and no thread; its host keeps the log and does the upkeep. Any thread.
class TenantStore {
 public:
  // With what is on disk.
  static base::Result<std::shared_ptr<TenantStore>> Open(const TenantContext& context,
                                                         StoreLayout layout);
  // Of a tenant that has nothing on disk yet: its folders are made when its first head is sealed.
  static std::shared_ptr<TenantStore> Make(const TenantContext& context, StoreLayout layout);

  // Before the first change.
  void UseReserve(disk::SpaceReserve* reserve);

  PartSet& parts() { return *parts_; }
  const PartSet& parts() const { return *parts_; }
  StoredSpans& stored() { return stored_; }
  const StoredSpans& stored() const { return stored_; }
  Upkeep& upkeep() { return upkeep_; }

  // Runs a query on what these have stored now, as if it were one store. When a part turns out to
  // be damaged, it is left out of the next try and set aside in the background; a parked head is
  // brought back into memory, as far as it can be. An answer that used a part whose disk failed
  // does not count. What had to be left out is noted in the context.
  template <typename Query>
  static auto Read(const std::vector<std::shared_ptr<TenantStore>>& stores,
                   const storage::QueryContext& context, Query&& query) {
    while (true) {
      DamageNotes damage;
      Snapshot snapshot = TakeSnapshot(stores);
      snapshot.damage = &damage;
      auto result = query(std::as_const(snapshot));
      if (AnyHeadDamaged(snapshot)) {
        for (const auto& store : stores) store->stored_.RestoreDamaged();
        continue;
      }
      const bool found_damage = std::any_of(snapshot.parts.begin(), snapshot.parts.end(),
                                            [](const PartPtr& part) { return part->damaged(); });
      for (const PartPtr& part : snapshot.parts) {
        if (part->damaged()) damage.Add(*part);
      }
      damage.TellTo(context);
      for (const auto& store : stores) store->TellLost(context);
      if (!found_damage) return result;
      for (const auto& store : stores) store->on_damage_();
      const bool reliable = std::none_of(snapshot.parts.begin(), snapshot.parts.end(),
                                         [](const PartPtr& part) { return part->read_failed(); });
      const bool done = result.ok() || result.status().code() != base::StatusCode::kDataLoss;
      if (reliable && done) return result;
    }
  }

 private:
  TenantStore(const TenantContext& context, const StoreLayout& layout,
              std::unique_ptr<PartSet> parts);
  static Snapshot TakeSnapshot(const std::vector<std::shared_ptr<TenantStore>>& stores);
  static bool AnyHeadDamaged(const Snapshot& snapshot);
  // What is not in any snapshot any more.
  void TellLost(const storage::QueryContext& context) const;

  const std::function<void()> on_damage_;
  const std::atomic<uint64_t>& lost_requests_;
  const std::unique_ptr<PartSet> parts_;
  StoredSpans stored_;
  Upkeep upkeep_;
};

}  // namespace spandrel::columnar
