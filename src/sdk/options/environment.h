// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "spandrel/sdk.h"

namespace spandrel::sdk {

// Environment variables as the OpenTelemetry specification reads them: empty is unset, and a value
// that makes no sense is reported on standard error and taken as unset.
std::optional<std::string> EnvText(const char* name);
std::optional<bool> EnvBool(const char* name);
std::optional<uint32_t> EnvNumber(const char* name);
std::optional<double> EnvRatio(const char* name);
std::optional<Milliseconds> EnvMilliseconds(const char* name);
std::optional<Milliseconds> EnvTimeout(const char* name);  // milliseconds, not 0

// A part of such a value, when it is not the whole.
std::optional<double> ParseRatio(const char* name, std::string_view text);
std::optional<Milliseconds> ParseMilliseconds(const char* name, std::string_view text);

// ASCII letters only.
std::string LowerCase(std::string_view text);

// "key=value,key=value" with percent-encoded values, as OTEL_RESOURCE_ATTRIBUTES and the headers
// have it.
TextPairs EnvPairs(const char* name);

}  // namespace spandrel::sdk
