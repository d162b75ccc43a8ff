// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>
#include <string>

#include "base/log.h"
#include "exporters/debug/config.h"
#include "exporters/debug/describe.h"
#include "exporters/factories.h"
#include "signal/batch.h"

namespace spandrel::exporters {
namespace {

// Prints what passes and says that it was sent.
template <typename Batch>
class DebugExporter final : public pipeline::Exporter<Batch> {
 public:
  DebugExporter(const pipeline::ComponentContext& context,
                std::shared_ptr<const DebugExporterConfig> config)
      : id_(context.id),
        config_(std::move(config)),
        sent_(context.metrics.AddCounter(
            fmt::format("otelcol_exporter_sent_{}", signal::ItemsName(signal::kSignalOf<Batch>)),
            {{"exporter", context.id}})) {}

  base::Status Start() override { return {}; }
  void Shutdown(std::chrono::steady_clock::time_point) override {}

  void Consume(Batch&& batch, pipeline::Completion done) override {
    if (config_->use_internal_logger) {
      DescribeBatch(batch, config_->verbosity,
                    [this](std::string_view line) { base::LogInfo("{}: {}", id_, line); });
    } else {
      PrintPlain(batch);
    }
    sent_.Add(signal::ItemCount(batch));
    done({});
  }
  bool AnswersFromMemory() const override { return true; }

 private:
  // In one write, so that batches of several threads do not mix.
  void PrintPlain(const Batch& batch) const {
    std::string text;
    DescribeBatch(batch, config_->verbosity, [&text](std::string_view line) {
      text += line;
      text += '\n';
    });
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  }

  const std::string id_;
  const std::shared_ptr<const DebugExporterConfig> config_;
  base::Counter& sent_;
};

}  // namespace

pipeline::ExporterFactory MakeDebugExporterFactory() {
  pipeline::ExporterFactory factory;
  factory.info = {"debug", {"logging"}, "stable", "Prints what passes, for people."};
  factory.decode = DecodeDebugExporterConfig;
  factory.create = pipeline::ForAllSignals<pipeline::MakeExporter>([]<typename Batch>() {
    return [](const pipeline::ComponentContext& context,
              std::shared_ptr<const pipeline::ConfigBase> config)
               -> base::Result<std::unique_ptr<pipeline::Exporter<Batch>>> {
      return std::unique_ptr<pipeline::Exporter<Batch>>(std::make_unique<DebugExporter<Batch>>(
          context, std::static_pointer_cast<const DebugExporterConfig>(config)));
    };
  });
  return factory;
}

}  // namespace spandrel::exporters
