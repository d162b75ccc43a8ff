// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "signal/origin.h"

namespace spandrel::processors {

// What `from_context` may name: "metadata.NAME" or just NAME, a request header or gRPC metadata,
// several joined by ";"; "client.address", without the port; "auth.subject" and "auth.username",
// who authenticated. Nothing where the origin does not say; it may be null.
std::optional<std::string> ContextValue(const signal::Origin* origin, std::string_view name);

// Whether ContextValue ever has a value for that name.
bool IsContextName(std::string_view name);

}  // namespace spandrel::processors
