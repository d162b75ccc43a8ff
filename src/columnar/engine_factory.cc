// SPDX-License-Identifier: Apache-2.0
#include "columnar/engine_factory.h"

#include <memory>
#include <utility>

#include "base/canonical_path.h"
#include "columnar/engine.h"
#include "columnar/options/config.h"

namespace spandrel::columnar {
namespace {

// The directory by its whole path, so that messages name it whatever the working directory is.
base::Result<std::unique_ptr<storage::Store>> Open(EngineOptions options,
                                                   const storage::StoreResources& resources) {
  options.directory = base::CanonicalPath(options.directory);
  options.UseMemory(resources.memory);
  options.intake = resources.intake;
  auto engine = Engine::Open(std::move(options), resources.metrics);
  if (!engine.ok()) return engine.status();
  return std::unique_ptr<storage::Store>(*std::move(engine));
}

base::Result<storage::StoreOpener> Decode(config::Decoder* const& decoder) {
  EngineOptions options = DecodeOptions(*decoder);
  SPANDREL_RETURN_IF_ERROR(options.Validate());
  return storage::StoreOpener(
      [options = std::move(options)](const storage::StoreResources& resources) {
        return Open(options, resources);
      });
}

}  // namespace

const storage::EngineFactory<config::Decoder*>& EngineOfStores() {
  static constexpr storage::EngineFactory<config::Decoder*> kFactory = {
      {"columnar",
       "The embedded engine: a log, heads in memory and columnar parts in a directory."},
      Decode};
  return kFactory;
}

}  // namespace spandrel::columnar
