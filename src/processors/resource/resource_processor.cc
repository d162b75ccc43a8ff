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
  ResourceEdit(const ResourceConfig& config, const signal::Origin* origin,
               base::Counter& unconverted)
      : run_(config.actions, origin, unconverted) {}

  Levels levels() const override { return {.resources = true}; }
  void EditResource(span::AttributeList& attributes) const override { run_.Apply(attributes); }

 private:
  const ActionRun run_;
};

}  // namespace

pipeline::ProcessorFactory MakeResourceProcessorFactory() {
  pipeline::ProcessorFactory factory;
  factory.info = {"resource", {}, "beta", "Changes attributes of resources."};
  factory.decode = DecodeResourceConfig;
  factory.create = pipeline::ForAllSignals<pipeline::MakeProcessor>([]<typename Batch>() {
    return [](const pipeline::ComponentContext& context,
              std::shared_ptr<const pipeline::ConfigBase> config, pipeline::ConsumerPtr<Batch> next)
               -> base::Result<std::unique_ptr<pipeline::Processor<Batch>>> {
      auto make_edit = [config = std::static_pointer_cast<const ResourceConfig>(std::move(config)),
                        &unconverted = UnconvertedCounter(context)](const signal::Origin* origin) {
        return std::make_unique<const ResourceEdit>(*config, origin, unconverted);
      };
      return std::unique_ptr<pipeline::Processor<Batch>>(
          std::make_unique<EditProcessor<Batch>>(context, std::move(make_edit), std::move(next)));
    };
  });
  return factory;
}

}  // namespace spandrel::processors
