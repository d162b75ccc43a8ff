// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_budget.h"
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

// A receiver hands what it gets to the consumer that it was made with.
using Receiver = Component;
// A query server, a health check: a component beside the pipelines.
using Extension = Component;
// A stage in the middle: a consumer that was made with its successor.
class Processor : public Component, public Consumer {};
// The end of a pipeline.
class Exporter : public Component, public Consumer {};

// What every component is made with. All references outlive the component.
struct ComponentContext {
  std::string id;  // "otlp", "batch/2"
  base::MetricRegistry& metrics;
  base::ByteBudget& memory;
};

// A kind of component: how to read its configuration and how to make it. `Config` values are opaque
// to the graph; a factory is handed back only what it made itself. The decode functions report
// every problem to `decoder` (with file, line and column) and always return a config.
struct ConfigBase {
  virtual ~ConfigBase() = default;
};
using DecodeConfig = std::function<std::shared_ptr<const ConfigBase>(config::Decoder& decoder)>;

struct FactoryInfo {
  std::string type;                  // "otlp_grpc"
  std::vector<std::string> aliases;  // "otlp"
  std::string stability;             // "stable", "beta", ...
  std::string summary;               // one sentence for `spandrel components`
};

struct ReceiverFactory {
  FactoryInfo info;
  DecodeConfig decode;
  std::function<base::Result<std::unique_ptr<Receiver>>(
      const ComponentContext&, std::shared_ptr<const ConfigBase>, std::shared_ptr<Consumer> next)>
      create;
};

struct ProcessorFactory {
  FactoryInfo info;
  DecodeConfig decode;
  std::function<base::Result<std::unique_ptr<Processor>>(
      const ComponentContext&, std::shared_ptr<const ConfigBase>, std::shared_ptr<Consumer> next)>
      create;
};

struct ExporterFactory {
  FactoryInfo info;
  DecodeConfig decode;
  std::function<base::Result<std::unique_ptr<Exporter>>(const ComponentContext&,
                                                        std::shared_ptr<const ConfigBase>)>
      create;
};

struct ExtensionFactory {
  FactoryInfo info;
  DecodeConfig decode;
  std::function<base::Result<std::unique_ptr<Extension>>(const ComponentContext&,
                                                         std::shared_ptr<const ConfigBase>)>
      create;
};

// The explicit list of everything that a configuration may name.
struct Factories {
  std::vector<ReceiverFactory> receivers;
  std::vector<ProcessorFactory> processors;
  std::vector<ExporterFactory> exporters;
  std::vector<ExtensionFactory> extensions;
};

}  // namespace spandrel::pipeline
