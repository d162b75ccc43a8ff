// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/http/http.h"
#include "signal/origin.h"

namespace spandrel::receivers {

// Where a request came from. Its headers become metadata when `include_metadata` says so; HTTP's
// own (pseudo-headers aside) are among them, as in the OpenTelemetry Collector.
signal::SharedOrigin OriginOf(const net::Request& request, bool include_metadata);

}  // namespace spandrel::receivers
