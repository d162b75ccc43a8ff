// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "processors/attributes/config.h"
#include "processors/edit/edit_processor.h"
#include "processors/factories.h"

namespace spandrel::processors {
namespace {

// The actions on the attributes of every span, log record or data point that the filter takes. Data
// points are taken by their metric.
template <signal::Signal kSignal>
class AttributesEdit : public span::RequestEdit {
 public:
  AttributesEdit(const AttributesConfig& config, const signal::Origin* origin,
                 base::Counter& unconverted)
      : filter_(config.filter), run_(config.actions, origin, unconverted) {}

  Levels levels() const override { return {.records = true, .parts = kIsMetric}; }
  Verdict EditRecord(const span::RecordPlace& place,
                     span::AttributeList& attributes) const override {
    if (!filter_.Takes(kSignal, place, attributes)) return Verdict::kKeepWhole;
    if (!kIsMetric) run_.Apply(attributes);
    return Verdict::kKeep;
  }
  Verdict EditPart(const span::RecordPlace&, const span::PartShape&, std::string_view,
                   span::AttributeList& attributes) const override {
    run_.Apply(attributes);
    return Verdict::kKeep;
  }

 private:
  static constexpr bool kIsMetric = kSignal == signal::Signal::kMetrics;

  const RecordFilter& filter_;
  const ActionRun run_;
};

}  // namespace

pipeline::ProcessorFactory MakeAttributesProcessorFactory() {
  pipeline::ProcessorFactory factory;
  factory.info = {
      "attributes", {}, "beta", "Changes attributes of spans, log records and data points."};
  factory.decode = DecodeAttributesConfig;
  factory.create = pipeline::ForAllSignals<pipeline::MakeProcessor>([]<typename Batch>() {
    return [](const pipeline::ComponentContext& context,
              std::shared_ptr<const pipeline::ConfigBase> config_base,
              pipeline::ConsumerPtr<Batch> next)
               -> base::Result<std::unique_ptr<pipeline::Processor<Batch>>> {
      constexpr signal::Signal kSignal = signal::kSignalOf<Batch>;
      auto config = std::static_pointer_cast<const AttributesConfig>(std::move(config_base));
      SPANDREL_RETURN_IF_ERROR(config->filter.CheckSignal(kSignal));
      auto make_edit = [config,
                        &unconverted = UnconvertedCounter(context)](const signal::Origin* origin) {
        return std::make_unique<const AttributesEdit<kSignal>>(*config, origin, unconverted);
      };
      return std::unique_ptr<pipeline::Processor<Batch>>(
          std::make_unique<EditProcessor<Batch>>(context, std::move(make_edit), std::move(next)));
    };
  });
  return factory;
}

}  // namespace spandrel::processors
