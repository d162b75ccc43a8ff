// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "base/status.h"
#include "pipeline/component.h"

namespace spandrel::extensions {

// An extension that only answers those who name it: it has no socket and no thread.
class PassiveExtension : public pipeline::Extension {
 public:
  base::Status Start() override { return {}; }
  void Shutdown(std::chrono::steady_clock::time_point) override {}
};

}  // namespace spandrel::extensions
