// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "config/decode.h"
#include "pipeline/component.h"
#include "pipeline/factories.h"
#include "server/store/stores.h"
#include "storage/store.h"

namespace spandrel::server {

// What a configuration says of a store: where it is, and how its engine opens it.
struct StoreConfig : pipeline::ConfigBase {
  std::string directory;
  storage::StoreOpener open;
  pipeline::HeldDirectory held;

  std::vector<pipeline::HeldDirectory> directories() const override { return {held}; }
};

// The engine of all stores here: which reads its own options.
using Engine = storage::EngineFactory<config::Decoder*>;

// Reads the options of a store; what is wrong goes to the decoder.
StoreConfig DecodeStore(config::Decoder& decoder, const Engine& engine);

// Stores of components that have one of their own: the options stand in their blocks. All arguments
// outlive it.
exporters::DecodeStore OwnStores(Stores& stores, const Engine& engine);

// The extension `store`: a store that exporters and query ports name. It is open from when the
// extension is made, so that all that is made after it finds it open, and closes when all of them
// are gone. All arguments outlive what the factory makes.
pipeline::ExtensionFactory MakeStoreExtensionFactory(Stores& stores, const Engine& engine);

}  // namespace spandrel::server
