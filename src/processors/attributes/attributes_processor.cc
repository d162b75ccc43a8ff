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
  AttributesEdit(std::shared_ptr<const AttributesConfig> config, base::Counter& unconverted)
      : config_(std::move(config)), unconverted_(unconverted) {}

  Levels levels() const override { return {.records = true}; }
  Verdict EditRecord(const span::RecordPlace& place,
                     span::AttributeList& attributes) const override {
    if (config_->filter.Takes(place, attributes)) {
      RunActions(config_->actions, unconverted_, attributes);
    }
    return Verdict::kKeep;
  }

 private:
  const std::shared_ptr<const AttributesConfig> config_;
  base::Counter& unconverted_;
};

}  // namespace

pipeline::ProcessorFactory MakeAttributesProcessorFactory() {
  pipeline::ProcessorFactory factory;
  factory.info = {"attributes", {}, "beta", "Changes attributes of spans."};
  factory.decode = DecodeAttributesConfig;
  factory.create = [](const pipeline::ComponentContext& context,
                      std::shared_ptr<const pipeline::ConfigBase> config,
                      std::shared_ptr<pipeline::Consumer> next)
      -> base::Result<std::unique_ptr<pipeline::Processor>> {
    auto edit = std::make_unique<AttributesEdit>(
        std::static_pointer_cast<const AttributesConfig>(std::move(config)),
        UnconvertedCounter(context));
    return std::unique_ptr<pipeline::Processor>(
        std::make_unique<EditProcessor>(context, std::move(edit), std::move(next)));
  };
  return factory;
}

}  // namespace spandrel::processors
