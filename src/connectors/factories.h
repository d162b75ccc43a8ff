// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pipeline/factories.h"

// All connectors there are.
namespace spandrel::connectors {

pipeline::ConnectorFactory MakeForwardConnectorFactory();

}  // namespace spandrel::connectors
