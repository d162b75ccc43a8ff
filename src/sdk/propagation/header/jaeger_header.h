// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "wire/w3c/trace_context.h"

// Jaeger's `uber-trace-id` header (https://www.jaegertracing.io/docs/1.76/client-libraries/).
// Nothing here allocates.
namespace spandrel::sdk {

struct JaegerContext {
  wire::TraceParent span;
  bool debug = false;
};

// "<trace id>:<span id>:<parent id>:<flags>" in digits of either case, leading zeros left out or
// not, the colons percent-encoded or not. Nothing when it breaks the rules.
std::optional<JaegerContext> ParseJaeger(std::string_view header);

inline constexpr size_t kJaegerSize = 54;

// With all zeros, and with 0 for the parent, which readers ignore.
std::array<char, kJaegerSize> FormatJaeger(const JaegerContext& context);

}  // namespace spandrel::sdk
