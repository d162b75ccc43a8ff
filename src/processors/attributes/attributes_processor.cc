// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "processors/attributes/config.h"
#include "processors/edit/edit_processor.h"
#include "processors/factories.h"

namespace spandrel::processors {
namespace {

// The actions on the attributes of every span that the filter takes.
class AttributesEdit : public span::RequestEdit {
 public:
  AttributesEdit(const AttributesConfig& config, const signal::Origin* origin,
                 base::Counter& unconverted)
      : filter_(config.filter), run_(config.actions, origin, unconverted) {}

  Levels levels() const override { return {.records = true}; }
  Verdict EditRecord(const span::RecordPlace& place,
                     span::AttributeList& attributes) const override {
    if (filter_.Takes(place, attributes)) {
      run_.Apply(attributes);
    }
    return Verdict::kKeep;
  }

 private:
  const RecordFilter& filter_;
  const ActionRun run_;
};

}  // namespace

pipeline::ProcessorFactory MakeAttributesProcessorFactory() {
  pipeline::ProcessorFactory factory;
  factory.info = {"attributes", {}, "beta", "Changes attributes of spans."};
  factory.decode = DecodeAttributesConfig;
  factory.create.traces = [](const pipeline::ComponentContext& context,
                             std::shared_ptr<const pipeline::ConfigBase> config,
                             pipeline::ConsumerPtr<span::SpanBatch> next)
      -> base::Result<std::unique_ptr<pipeline::Processor<span::SpanBatch>>> {
    auto make_edit = [config = std::static_pointer_cast<const AttributesConfig>(std::move(config)),
                      &unconverted = UnconvertedCounter(context)](const signal::Origin* origin) {
      return std::make_unique<const AttributesEdit>(*config, origin, unconverted);
    };
    return std::unique_ptr<pipeline::Processor<span::SpanBatch>>(
        std::make_unique<EditProcessor>(context, std::move(make_edit), std::move(next)));
  };
  return factory;
}

}  // namespace spandrel::processors
