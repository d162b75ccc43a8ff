// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "base/health.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/status.h"
#include "exporters/store/trace_store.h"
#include "storage/store.h"

namespace spandrel::server {

// The stores that are open in this process, by directory: whoever names the same directory shares
// one. A store closes when nobody holds it any more, and is on the board while it is open.
// Thread-safe; outlives the stores.
class Stores {
 public:
  using SharedStore = std::shared_ptr<exporters::TraceStore>;

  // `memory` is for all of them together; `intake` learns when one of them is late, and outlives
  // them.
  Stores(base::MetricRegistry& metrics, base::HealthBoard& health, storage::StoreMemory memory = {},
         base::IntakeGate* intake = nullptr)
      : metrics_(metrics), health_(health), memory_(memory), intake_(intake) {}

  // Opens the store of that directory, or gives the one that is open: the first to open decides
  // what its options are.
  base::Result<SharedStore> Open(const std::string& directory, const storage::StoreOpener& open);
  // The one that is open there; null when none is.
  SharedStore Find(const std::string& directory) const;
  // The only one there is; FAILED_PRECONDITION when there is none or more than one.
  base::Result<SharedStore> Only() const;
  // Whether an open one keeps tenants apart.
  bool any_by_tenant() const { return by_tenant_ > 0; }

  // Each gives back what it only keeps for questions to come.
  void ReleaseMemory();

  // Closes all, after the last writer and reader have stopped.
  void Close();

 private:
  class Opened;

  base::MetricRegistry& metrics_;
  base::HealthBoard& health_;
  const storage::StoreMemory memory_;
  base::IntakeGate* const intake_;
  std::atomic<int> by_tenant_{0};
  mutable base::Mutex mutex_;
  // By canonical path.
  std::map<std::string, std::weak_ptr<Opened>> stores_ SPANDREL_GUARDED_BY(mutex_);
};

}  // namespace spandrel::server
