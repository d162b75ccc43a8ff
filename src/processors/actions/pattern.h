// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <re2/re2.h>

#include <memory>
#include <string>
#include <string_view>

#include "config/decode.h"

namespace spandrel::processors {

// The compiled expression; null, and reported at `key`, when it is not one. Bounded in memory, and
// linear in time whatever text it is asked about.
std::shared_ptr<const re2::RE2> CompilePattern(config::Decoder& decoder, std::string_view key,
                                               const std::string& pattern);

}  // namespace spandrel::processors
