// SPDX-License-Identifier: Apache-2.0
#include <iterator>
#include <memory>

#include "receivers/factories.h"

namespace spandrel::receivers {
namespace {

// Gives nothing.
class NopReceiver final : public pipeline::Receiver {
 public:
  base::Status Start() override { return {}; }
  void Shutdown(std::chrono::steady_clock::time_point) override {}
};

std::shared_ptr<const pipeline::ConfigBase> DecodeNothing(config::Decoder&) {
  return std::make_shared<pipeline::ConfigBase>();
}

}  // namespace

pipeline::ReceiverFactory MakeNopReceiverFactory() {
  pipeline::ReceiverFactory factory;
  factory.info = {"nop", {}, "stable", "Receives nothing."};
  factory.decode = DecodeNothing;
  factory.signals.assign(std::begin(signal::kAllSignals), std::end(signal::kAllSignals));
  factory.create = [](const pipeline::ComponentContext&,
                      std::shared_ptr<const pipeline::ConfigBase>,
                      pipeline::Outputs) -> base::Result<std::unique_ptr<pipeline::Receiver>> {
    return std::unique_ptr<pipeline::Receiver>(std::make_unique<NopReceiver>());
  };
  return factory;
}

}  // namespace spandrel::receivers
