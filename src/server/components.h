// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/intake_gate.h"
#include "net/socket/io_runtime.h"
#include "pipeline/factories.h"
#include "server/process/memory.h"
#include "server/process/ready_file.h"
#include "server/process/reload_requests.h"
#include "server/store/stores.h"

namespace spandrel::server {

// The explicit list of everything that a configuration may name. The arguments outlive what the
// factories make.
pipeline::Factories MakeFactories(net::IoRuntime& runtime, Stores& stores, MemoryShares& memory,
                                  base::IntakeGate& intake, Addresses& addresses,
                                  ReloadRequests& reload_requests);

}  // namespace spandrel::server
