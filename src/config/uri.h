// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace spandrel::config {

// `scheme:rest`; the scheme is empty when there is none. One letter before the colon is no scheme.
struct Uri {
  std::string_view scheme;
  std::string_view rest;
};
Uri SplitUri(std::string_view text);

// The message for a scheme other than file, env and yaml.
std::string UnknownScheme(std::string_view scheme);

}  // namespace spandrel::config
