// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "pipeline/component.h"
#include "pipeline/service.h"

namespace spandrel::pipeline {

struct ExtensionOrder {
  // The extensions that run, each after those that it uses, else as they are listed. Not complete
  // when there is a cycle.
  std::vector<std::string> ids;
  // The uses of one cycle, in its direction; empty when there is none.
  std::vector<ExtensionUse> cycle;
};

// A pure function; does not recurse.
ExtensionOrder OrderExtensions(const ServiceConfig& service);

}  // namespace spandrel::pipeline
