// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace spandrel::crash {

// What `work` returns in a process of its own, which then ends without any destructor, as one that
// is killed. Nothing when it crashed or took longer than ten minutes. For callers with one thread.
std::optional<std::string> InChild(const std::function<std::string()>& work);

}  // namespace spandrel::crash
