// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/decode.h"
#include "storage/store.h"

namespace spandrel::columnar {

// This engine, as a list of engines holds it: the options are those of options/config.h. What it
// gives back may be called again once the store has closed.
const storage::EngineFactory<config::Decoder*>& EngineOfStores();

}  // namespace spandrel::columnar
