// SPDX-License-Identifier: Apache-2.0
#include "server/store/stores.h"

#include <utility>
#include <vector>

#include "base/canonical_path.h"

namespace spandrel::server {

class Stores::Opened final : public exporters::TraceStore {
 public:
  Opened(std::string directory, std::unique_ptr<storage::Store> store, std::atomic<int>& by_tenant,
         base::HealthBoard& health)
      : directory_(std::move(directory)),
        store_(std::move(store)),
        is_by_tenant_(store_->reader().capabilities().tenants),
        by_tenant_(by_tenant),
        health_(health.Add("store " + directory_, [this] { return store_->Health(); })) {
    if (is_by_tenant_) ++by_tenant_;
  }
  ~Opened() override {
    if (is_by_tenant_) --by_tenant_;
  }

  storage::Store& store() override { return *store_; }
  bool by_tenant() const override { return is_by_tenant_; }
  const std::string& directory() const override { return directory_; }

 private:
  const std::string directory_;
  const std::unique_ptr<storage::Store> store_;
  const bool is_by_tenant_;
  std::atomic<int>& by_tenant_;  // how many are
  const std::shared_ptr<void> health_;
};

base::Result<Stores::SharedStore> Stores::Open(const std::string& directory,
                                               const storage::StoreOpener& open) {
  const std::string path = base::CanonicalPath(directory);
  base::MutexLock lock(mutex_);
  std::weak_ptr<Opened>& known = stores_[path];
  if (SharedStore running = known.lock()) return running;
  auto store = open({metrics_, memory_, intake_});
  if (!store.ok()) return store.status();
  auto opened = std::make_shared<Opened>(path, *std::move(store), by_tenant_, health_);
  known = opened;
  return SharedStore(std::move(opened));
}

Stores::SharedStore Stores::Find(const std::string& directory) const {
  base::MutexLock lock(mutex_);
  const auto found = stores_.find(base::CanonicalPath(directory));
  return found == stores_.end() ? nullptr : found->second.lock();
}

base::Result<Stores::SharedStore> Stores::Only() const {
  base::MutexLock lock(mutex_);
  std::vector<SharedStore> running;
  for (const auto& [directory, store] : stores_) {
    if (SharedStore held = store.lock()) running.push_back(std::move(held));
  }
  if (running.size() == 1) return std::move(running.front());
  return base::Status(base::StatusCode::kFailedPrecondition,
                      running.empty() ? "there is no store; name an extension with `store`"
                                      : "there are several stores; say which with `store`");
}

void Stores::ReleaseMemory() {
  std::vector<SharedStore> running;
  {
    base::MutexLock lock(mutex_);
    for (const auto& [directory, store] : stores_) {
      if (SharedStore held = store.lock()) running.push_back(std::move(held));
    }
  }
  for (const SharedStore& store : running) store->store().ReleaseMemory();
}

void Stores::Close() {
  base::MutexLock lock(mutex_);
  for (const auto& [directory, store] : stores_) {
    if (const SharedStore held = store.lock()) held->store().Close();
  }
}

}  // namespace spandrel::server
