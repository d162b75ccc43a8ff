// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace spandrel::base {

// The one name of a file or directory that has many: absolute, without links, `.`, `..` and a slash
// at the end. What is not there yet is taken as it is written. `path` itself when the working
// directory is gone or a folder of it may not be looked at.
std::string CanonicalPath(const std::string& path);

}  // namespace spandrel::base
