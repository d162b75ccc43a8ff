// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/status.h"

namespace spandrel::base {

// A duration as Go writes it (https://pkg.go.dev/time#ParseDuration): "1h2m3.5s", "200ms", "1.5us",
// "0". Configuration files and Jaeger's query parameters use this form.
Result<std::chrono::nanoseconds> ParseGoDuration(std::string_view text);

// The shortest such form: "200ms", "1m30s", "0s".
std::string FormatGoDuration(std::chrono::nanoseconds duration);

}  // namespace spandrel::base
