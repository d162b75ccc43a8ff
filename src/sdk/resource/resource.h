// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "spandrel/sdk.h"

// The resource that all spans of a provider come from: what the options say, and what can be found
// out about the process, its host and its container.
namespace spandrel::sdk {

using ResourceValue = std::variant<std::string, int64_t, std::vector<std::string>>;
using ResourceAttributes = std::vector<std::pair<std::string, ResourceValue>>;

// What is known without being told. Reads a few files below `root`, 64 KiB of each at most; what
// cannot be read is left out.
ResourceAttributes DetectResource(const std::string& root = "/");

// The 64 hex digits in the cgroup (v1) or, failing that, the mount table (v2) of a process that
// runs in a container; else empty.
std::string FindContainerId(std::string_view cgroup, std::string_view mount_info);

// The options' name, or `unknown_service:` and the name of the executable.
std::string ServiceName(const Options& options);

// The content of ResourceSpans before its scopes, for this process as it is now. Options go before
// detection; of two attributes with the same key the later counts.
std::string EncodeResource(const Options& options);

}  // namespace spandrel::sdk
