// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/byte_budget.h"
#include "base/status.h"

namespace spandrel::net {

// The message behind its frame header.
std::string MakeGrpcFrame(std::string_view message, bool compressed = false);

// Turns a body that must hold exactly one frame into its message, decompressed. `reservation` holds
// the body's bytes and comes to hold the message's. A lying size is INVALID_ARGUMENT, a message
// over the limit RESOURCE_EXHAUSTED.
base::Result<std::string> UnpackGrpcMessage(std::string body, std::string_view encoding,
                                            size_t max_message_bytes, base::ByteBudget* memory,
                                            base::ByteBudget::Reservation* reservation);

}  // namespace spandrel::net
