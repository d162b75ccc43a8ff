// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "exporters/factories.h"
#include "signal/batch.h"

namespace spandrel::exporters {
namespace {

// Takes everything and keeps nothing.
template <typename Batch>
class NopExporter final : public pipeline::Exporter<Batch> {
 public:
  explicit NopExporter(const pipeline::ComponentContext& context)
      : sent_(context.metrics.AddCounter(
            fmt::format("otelcol_exporter_sent_{}", signal::ItemsName(signal::kSignalOf<Batch>)),
            {{"exporter", context.id}})) {}

  base::Status Start() override { return {}; }
  void Shutdown(std::chrono::steady_clock::time_point) override {}
  void Consume(Batch&& batch, pipeline::Completion done) override {
    sent_.Add(signal::ItemCount(batch));
    done({});
  }
  bool AnswersFromMemory() const override { return true; }

 private:
  base::Counter& sent_;
};

std::shared_ptr<const pipeline::ConfigBase> DecodeNothing(config::Decoder&) {
  return std::make_shared<pipeline::ConfigBase>();
}

}  // namespace

pipeline::ExporterFactory MakeNopExporterFactory() {
  pipeline::ExporterFactory factory;
  factory.info = {"nop", {}, "stable", "Takes everything and keeps nothing."};
  factory.decode = DecodeNothing;
  factory.create = pipeline::ForAllSignals<pipeline::MakeExporter>([]<typename Batch>() {
    return
        [](const pipeline::ComponentContext& context, std::shared_ptr<const pipeline::ConfigBase>)
            -> base::Result<std::unique_ptr<pipeline::Exporter<Batch>>> {
          return std::unique_ptr<pipeline::Exporter<Batch>>(
              std::make_unique<NopExporter<Batch>>(context));
        };
  });
  return factory;
}

}  // namespace spandrel::exporters
