// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "pipeline/factories.h"
#include "pipeline/service_config.h"

namespace spandrel::pipeline {

// All components there are, as YAML: what `spandrel components` prints.
std::string DescribeComponents(const Factories& factories);

enum class ConfigFormat : uint8_t { kYaml, kJson };

// The configuration after merging and expansion, without secrets (see config::RenderOptions), with
// a newline at the end: what `spandrel print-config` prints.
std::string PrintConfig(const ServiceConfig& service, ConfigFormat format);

}  // namespace spandrel::pipeline
