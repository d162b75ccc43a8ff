// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace spandrel::cli {

// A script by which a shell completes the commands, options and choices of `app`. `shell` is bash,
// zsh or fish.
std::string CompletionScript(const CLI::App& app, std::string_view shell);

}  // namespace spandrel::cli
