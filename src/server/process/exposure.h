// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pipeline/component.h"
#include "pipeline/service.h"

namespace spandrel::server {

// What other machines can reach without TLS or without a login: "otlp: 0.0.0.0:4317 is open to
// other machines without TLS and without a login", an entry for each address of what runs.
std::vector<std::string> ExposedListeners(const pipeline::ServiceConfig& config);

// The same of one address; empty when nothing is to be said.
std::string ExposureOf(std::string_view name, const pipeline::ListenAddress& address);

}  // namespace spandrel::server
