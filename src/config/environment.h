// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/status.h"

namespace spandrel::config {

// What a configuration may read from outside. Tests bring their own.
class Environment {
 public:
  virtual ~Environment() = default;
  // Nothing when the variable is not set.
  virtual std::optional<std::string> Variable(const std::string& name) const = 0;
  // The error's message does not repeat the path: "no such file or directory".
  virtual base::Result<std::string> ReadFile(const std::string& path) const = 0;
};

// The process's variables and files. Files over kMaxDocumentBytes are refused.
const Environment& ProcessEnvironment();

}  // namespace spandrel::config
