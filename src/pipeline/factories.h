// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "base/status.h"
#include "config/decode.h"
#include "pipeline/component.h"
#include "pipeline/outputs.h"
#include "signal/batch.h"

namespace spandrel::pipeline {

// A kind of component: how to read its configuration and how to make it. A decode function reports
// every problem to `decoder` (with file, line and column) and always returns a config. Create
// functions start nothing.
using DecodeConfig = std::function<std::shared_ptr<const ConfigBase>(config::Decoder& decoder)>;

struct FactoryInfo {
  std::string type;                  // "otlp_grpc"
  std::vector<std::string> aliases;  // "otlp"
  std::string stability;             // "stable", "beta", ...
  std::string summary;               // one sentence for `spandrel components`
};

// A function for each signal; those that are empty are not served.
template <template <typename> typename Make>
struct PerSignal {
  Make<span::SpanBatch> traces;
  Make<signal::MetricBatch> metrics;
  Make<signal::LogBatch> logs;

  template <typename Batch>
  const Make<Batch>& get() const {
    if constexpr (std::is_same_v<Batch, signal::MetricBatch>) {
      return metrics;
    } else if constexpr (std::is_same_v<Batch, signal::LogBatch>) {
      return logs;
    } else {
      return traces;
    }
  }
  bool Serves(signal::Signal signal) const {
    return signal::VisitSignal(signal,
                               [&]<typename Batch>() { return static_cast<bool>(get<Batch>()); });
  }
};

template <typename Batch>
using MakeProcessor = std::function<base::Result<std::unique_ptr<Processor<Batch>>>(
    const ComponentContext&, std::shared_ptr<const ConfigBase>, ConsumerPtr<Batch> next)>;
template <typename Batch>
using MakeExporter = std::function<base::Result<std::unique_ptr<Exporter<Batch>>>(
    const ComponentContext&, std::shared_ptr<const ConfigBase>)>;

// All functions from one: `maker.operator()<Batch>()` gives the one of a signal.
template <template <typename> typename Make, typename Maker>
PerSignal<Make> ForAllSignals(const Maker& maker) {
  return {maker.template operator()<span::SpanBatch>(),
          maker.template operator()<signal::MetricBatch>(),
          maker.template operator()<signal::LogBatch>()};
}

struct ReceiverFactory {
  FactoryInfo info;
  DecodeConfig decode;
  std::vector<signal::Signal> signals;  // those that it can give
  std::function<base::Result<std::unique_ptr<Receiver>>(
      const ComponentContext&, std::shared_ptr<const ConfigBase>, Outputs outputs)>
      create;

  bool Serves(signal::Signal signal) const {
    return std::find(signals.begin(), signals.end(), signal) != signals.end();
  }
};

struct ProcessorFactory {
  FactoryInfo info;
  DecodeConfig decode;
  PerSignal<MakeProcessor> create;

  bool Serves(signal::Signal signal) const { return create.Serves(signal); }
};

struct ExporterFactory {
  FactoryInfo info;
  DecodeConfig decode;
  PerSignal<MakeExporter> create;

  bool Serves(signal::Signal signal) const { return create.Serves(signal); }
};

struct ExtensionFactory {
  FactoryInfo info;
  DecodeConfig decode;
  std::function<base::Result<std::unique_ptr<Extension>>(const ComponentContext&,
                                                         std::shared_ptr<const ConfigBase>)>
      create;
  // T::kInterfaceName of every interface that it implements for others.
  std::vector<std::string_view> provides = {};
};

// The beginning of a pipeline that a connector feeds.
template <typename Batch>
struct PipelineInput {
  std::string pipeline;  // "traces/2"
  ConsumerPtr<Batch> first;
};

// A connector takes batches of `From` and hands batches of `To` to some or all of `next`.
template <typename From, typename To>
using MakeConnector = std::function<base::Result<std::unique_ptr<Connector<From>>>(
    const ComponentContext&, std::shared_ptr<const ConfigBase>,
    std::vector<PipelineInput<To>> next)>;

// A connector's functions by the signals that it stands between.
class ConnectorRoutes {
 public:
  template <typename From, typename To>
  void Set(MakeConnector<From, To> make) {
    std::get<MakeConnector<From, To>>(makers_) = std::move(make);
  }
  template <typename From, typename To>
  const MakeConnector<From, To>& get() const {
    return std::get<MakeConnector<From, To>>(makers_);
  }
  bool Serves(signal::Signal from, signal::Signal to) const {
    return signal::VisitSignal(from, [&]<typename From>() {
      return signal::VisitSignal(to,
                                 [&]<typename To>() { return static_cast<bool>(get<From, To>()); });
    });
  }

 private:
  template <typename From>
  using Row =
      std::tuple<MakeConnector<From, span::SpanBatch>, MakeConnector<From, signal::MetricBatch>,
                 MakeConnector<From, signal::LogBatch>>;
  decltype(std::tuple_cat(Row<span::SpanBatch>(), Row<signal::MetricBatch>(),
                          Row<signal::LogBatch>())) makers_;
};

struct ConnectorFactory {
  FactoryInfo info;
  DecodeConfig decode;
  ConnectorRoutes create;
};

// The explicit list of everything that a configuration may name.
struct Factories {
  std::vector<ReceiverFactory> receivers;
  std::vector<ProcessorFactory> processors;
  std::vector<ExporterFactory> exporters;
  std::vector<ConnectorFactory> connectors;
  std::vector<ExtensionFactory> extensions;
  // Reads what the listener of the process's own metrics has beside its address (TLS, logins) from
  // its `prometheus` block; empty: such keys are unknown.
  DecodeConfig decode_metrics_listener = {};
};

// The factory of that type or alias; null when there is none.
template <typename Factory>
const Factory* FindFactory(const std::vector<Factory>& factories, std::string_view type) {
  for (const Factory& factory : factories) {
    if (factory.info.type == type) return &factory;
    for (const std::string& alias : factory.info.aliases) {
      if (alias == type) return &factory;
    }
  }
  return nullptr;
}

}  // namespace spandrel::pipeline
