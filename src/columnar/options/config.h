// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "columnar/options/options.h"
#include "config/decode.h"

namespace spandrel::columnar {

inline constexpr const char* kDefaultDirectory = "./spandrel-data";

// The options that a configuration sets: `directory`, `durability`, `retention`, `tenants`,
// `max_tenants`. What is wrong goes to `decoder` with its place. The directory is made when it is
// not there.
EngineOptions DecodeOptions(config::Decoder& decoder);

}  // namespace spandrel::columnar
