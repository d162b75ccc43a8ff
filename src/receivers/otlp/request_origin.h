// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "net/http/http.h"
#include "signal/origin.h"

namespace spandrel::receivers {

// Where a request of `tenant` came from, and from whom: `identity` is who logged in, if anybody had
// to. Its headers become metadata when `include_metadata` says so; HTTP's own (pseudo-headers
// aside) are among them, as in the OpenTelemetry Collector.
signal::SharedOrigin OriginOf(const net::Request& request, const std::string& identity,
                              bool include_metadata, std::string tenant);

}  // namespace spandrel::receivers
