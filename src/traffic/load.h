// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

#include "traffic/options.h"

namespace spandrel::traffic {

// `spandrel load`: sends generated spans to an OTLP/gRPC server, shows the progress on standard
// error and the result on standard output. Retryable refusals are sent again. Stops early, with
// what was acknowledged so far, once `stop` is set. Returns the exit status.
int RunLoad(const LoadOptions& options, const std::atomic<bool>& stop);

}  // namespace spandrel::traffic
