// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/decode.h"

namespace spandrel::processors {

// The AnyValue message of the string, bool, number or list of these under `key`, with the type that
// the configuration gives it; nothing when it is absent or null. Anything else is reported.
std::optional<std::string> ReadAnyValue(config::Decoder& decoder, std::string_view key);

}  // namespace spandrel::processors
