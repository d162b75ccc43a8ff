// SPDX-License-Identifier: Apache-2.0
#include "server/store/store_extension.h"

#include <memory>
#include <utility>

#include "base/log.h"
#include "columnar/options/config.h"
#include "config/document.h"

namespace spandrel::server {
namespace {

constexpr const char* kDirectory = "directory";

class StoreExtension final : public pipeline::Extension, public exporters::TraceStoreExtension {
 public:
  explicit StoreExtension(Stores::SharedStore store) : store_(std::move(store)) {}

  base::Status Start() override { return {}; }
  // Those who hold the store let go of it first.
  void Shutdown(std::chrono::steady_clock::time_point) override {}

  std::shared_ptr<exporters::TraceStore> trace_store() const override { return store_; }

 private:
  const Stores::SharedStore store_;
};

base::Result<std::unique_ptr<pipeline::Extension>> MakeExtension(
    Stores& stores, const pipeline::ComponentContext& context, const StoreConfig& config) {
  if (stores.Find(config.directory) != nullptr) {
    base::LogWarn(
        "{}: the store {} is open already; what its options say holds from the next start",
        context.id, config.directory);
  }
  auto store = stores.Open(config.directory, config.open);
  if (!store.ok()) return store.status();
  return std::unique_ptr<pipeline::Extension>(std::make_unique<StoreExtension>(*std::move(store)));
}

}  // namespace

exporters::DecodeStore OwnStores(Stores& stores, const Engine& engine) {
  return [&stores, &engine](config::Decoder& decoder) -> exporters::OpenStore {
    return [&stores, config = DecodeStore(decoder, engine)] {
      return stores.Open(config.directory, config.open);
    };
  };
}

StoreConfig DecodeStore(config::Decoder& decoder, const Engine& engine) {
  StoreConfig config;
  config.directory = columnar::kDefaultDirectory;
  // The engine says it when it is no text.
  if (const config::Node* text = decoder.ReadAny(kDirectory)) config.directory = text->text;
  config.held = {config.directory, decoder.WhereOf(kDirectory), decoder.PathOf(kDirectory)};
  auto open = engine.decode(&decoder);
  if (open.ok()) config.open = *std::move(open);
  return config;
}

pipeline::ExtensionFactory MakeStoreExtensionFactory(Stores& stores, const Engine& engine) {
  pipeline::ExtensionFactory factory;
  factory.info = {.type = "store",
                  .aliases = {},
                  .stability = "beta",
                  .summary = "A trace store, which exporters and query ports name."};
  factory.decode = [&engine](config::Decoder& decoder) {
    return std::make_shared<const StoreConfig>(DecodeStore(decoder, engine));
  };
  factory.create = [&stores](const pipeline::ComponentContext& context,
                             std::shared_ptr<const pipeline::ConfigBase> config) {
    return MakeExtension(stores, context, static_cast<const StoreConfig&>(*config));
  };
  factory.provides = {exporters::TraceStoreExtension::kInterfaceName};
  return factory;
}

}  // namespace spandrel::server
