// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_budget.h"
#include "base/health.h"
#include "base/metrics.h"
#include "base/status.h"
#include "config/decode.h"
#include "pipeline/consumer.h"

namespace spandrel::pipeline {

// Something with a life: started once, shut down once, in that order.
class Component {
 public:
  virtual ~Component() = default;

  // An error stops start-up; its message names the thing ("127.0.0.1:4317: address in use").
  virtual base::Status Start() = 0;

  // Stops taking in new work, finishes what it holds until `deadline`, then lets go of the rest and
  // counts it. Returns when none of its threads runs any more.
  virtual void Shutdown(std::chrono::steady_clock::time_point deadline) = 0;
};

// A receiver hands what it gets to the outputs that it was made with.
using Receiver = Component;
// A query server, a health check: a component beside the pipelines.
using Extension = Component;
// A component that batches come to.
template <typename Batch>
class Stage : public Component, public Consumer<Batch> {};
// A stage in the middle: it was made with its successor.
template <typename Batch>
using Processor = Stage<Batch>;
// The end of a pipeline.
template <typename Batch>
using Exporter = Stage<Batch>;
// The end of one pipeline and the beginning of others, perhaps of another signal.
template <typename Batch>
using Connector = Stage<Batch>;

class Extensions;  // pipeline/extensions.h

// What every component is made with. What it refers to outlives the component.
struct ComponentContext {
  std::string id;  // "otlp", "batch/2"
  base::MetricRegistry& metrics;
  base::ByteBudget& memory;
  const Extensions* extensions = nullptr;  // those that run; null: none
  base::HealthBoard* health = nullptr;     // where it says how it is; null: nobody asks
};

// A socket address that a component will listen on, so that two who want the same are told before
// one fails.
struct ListenAddress {
  std::string host;
  uint16_t port = 0;     // 0: any free one
  std::string protocol;  // "tcp", "udp"
  bool is_encrypted = false;
  bool asks_login = false;
};

// A directory that a component keeps to itself.
struct HeldDirectory {
  std::string directory;
  config::Location where;
  std::string path;  // "extensions::store::directory"
};

// An extension that a component's configuration names, and what it wants of it.
struct ExtensionUse {
  std::string id;
  std::string_view interface_name;  // T::kInterfaceName of what FindExtension<T> will be asked for
  config::Location where;
  std::string path;  // "exporters::otlp::auth::authenticator"
};

// A component's configuration. Its values are opaque to the graph; a factory is handed back only
// what it made itself.
struct ConfigBase {
  virtual ~ConfigBase() = default;
  virtual std::vector<ListenAddress> listens() const { return {}; }
  virtual std::vector<ExtensionUse> extension_uses() const { return {}; }
  // Of an extension: why it is not, as it is configured, what its factory provides under that name
  // ("it has no 'htpasswd'"); empty when it is.
  virtual std::string_view lacks(std::string_view /*interface_name*/) const { return {}; }
  virtual std::vector<HeldDirectory> directories() const { return {}; }
};

}  // namespace spandrel::pipeline
