// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "processors/edit/edit_processor.h"
#include "processors/factories.h"
#include "processors/resource/config.h"

namespace spandrel::processors {
namespace {

// The actions on the attributes of every resource.
class ResourceEdit : public span::RequestEdit {
 public:
  ResourceEdit(std::shared_ptr<const ResourceConfig> config, base::Counter& unconverted)
      : config_(std::move(config)), unconverted_(unconverted) {}

  Levels levels() const override { return {.resources = true}; }
  void EditResource(span::AttributeList& attributes) const override {
    RunActions(config_->actions, unconverted_, attributes);
  }

 private:
  const std::shared_ptr<const ResourceConfig> config_;
  base::Counter& unconverted_;
};

}  // namespace

pipeline::ProcessorFactory MakeResourceProcessorFactory() {
  pipeline::ProcessorFactory factory;
  factory.info = {"resource", {}, "beta", "Changes attributes of resources."};
  factory.decode = DecodeResourceConfig;
  factory.create = [](const pipeline::ComponentContext& context,
                      std::shared_ptr<const pipeline::ConfigBase> config,
                      std::shared_ptr<pipeline::Consumer> next)
      -> base::Result<std::unique_ptr<pipeline::Processor>> {
    auto edit = std::make_unique<ResourceEdit>(
        std::static_pointer_cast<const ResourceConfig>(std::move(config)),
        UnconvertedCounter(context));
    return std::unique_ptr<pipeline::Processor>(
        std::make_unique<EditProcessor>(context, std::move(edit), std::move(next)));
  };
  return factory;
}

}  // namespace spandrel::processors
