// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"

namespace spandrel::base {

// How well something does its work, from best to worst.
enum class HealthLevel : uint8_t {
  kOk,
  kDegraded,  // it works, though something is wrong that may come to refusing
  kRefusing,  // it takes nothing in now, and will again by itself once the cause is gone
  kFailed,    // it takes nothing in, and only a restart helps
};

// "ok", "degraded" and so on.
std::string_view HealthLevelName(HealthLevel level);

struct Health {
  HealthLevel level = HealthLevel::kOk;
  std::string message;  // what is wrong, for people; empty when nothing is

  bool takes_spans() const { return level < HealthLevel::kRefusing; }
  bool operator==(const Health&) const = default;
};

struct ComponentHealth {
  std::string component;  // "store /var/lib/spandrel", "exporter otlp"
  Health health;

  bool operator==(const ComponentHealth&) const = default;
};

// The health of all components of a process, in one place: probes, gRPC health and the page say
// what it says. Thread-safe.
class HealthBoard {
 public:
  // `read` is called, from any thread, whenever somebody asks; it must be quick and not call the
  // board. The component is gone when the returned handle is destroyed: `read` is not running then
  // and never runs again. The handle may outlive the board.
  [[nodiscard]] std::shared_ptr<void> Add(std::string component, std::function<Health()> read);

  // By name.
  std::vector<ComponentHealth> Collect() const;
  // The level of the worst component; kOk when there is none.
  HealthLevel Worst() const;

 private:
  struct Component {
    std::string name;
    std::function<Health()> read;
  };
  struct Components {
    Mutex mutex;
    std::vector<std::shared_ptr<const Component>> all SPANDREL_GUARDED_BY(mutex);
  };

  const std::shared_ptr<Components> components_ = std::make_shared<Components>();
};

}  // namespace spandrel::base
