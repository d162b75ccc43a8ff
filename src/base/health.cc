// SPDX-License-Identifier: Apache-2.0
#include "base/health.h"

#include <algorithm>
#include <array>
#include <utility>

namespace spandrel::base {

std::string_view HealthLevelName(HealthLevel level) {
  constexpr std::array<std::string_view, 4> kNames = {"ok", "degraded", "refusing", "failed"};
  return kNames[static_cast<size_t>(level)];
}

std::shared_ptr<void> HealthBoard::Add(std::string component, std::function<Health()> read) {
  auto added = std::make_shared<const Component>(Component{std::move(component), std::move(read)});
  MutexLock lock(components_->mutex);
  const auto behind =
      std::upper_bound(components_->all.begin(), components_->all.end(), added,
                       [](const auto& one, const auto& other) { return one->name < other->name; });
  components_->all.insert(behind, added);
  return {const_cast<Component*>(added.get()), [added, components = components_](void*) {
            MutexLock removing(components->mutex);
            std::erase(components->all, added);
          }};
}

std::vector<ComponentHealth> HealthBoard::Collect() const {
  std::vector<ComponentHealth> all;
  MutexLock lock(components_->mutex);
  all.reserve(components_->all.size());
  for (const auto& component : components_->all) {
    all.push_back({component->name, component->read()});
  }
  return all;
}

HealthLevel HealthBoard::Worst() const {
  HealthLevel worst = HealthLevel::kOk;
  for (const ComponentHealth& one : Collect()) worst = std::max(worst, one.health.level);
  return worst;
}

}  // namespace spandrel::base
