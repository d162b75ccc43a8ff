// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/socket/io_runtime.h"
#include "pipeline/factories.h"
#include "server/ready_file.h"
#include "server/reload_requests.h"
#include "server/stores.h"

namespace spandrel::server {

// The extension `query`: serves the page, the APIs, /metrics and /health over the store of this
// process. Keys: those of a listener (`endpoint`, localhost:16686, `tls`, `auth`, `cors`, ...),
// `query_timeout`, `max_query_timeout`, `directory` (the only store that an exporter opened; needed
// only where there is none or more than one). All arguments outlive what the factory makes.
pipeline::ExtensionFactory MakeQueryExtensionFactory(net::IoRuntime& runtime, Stores& stores,
                                                     Addresses& addresses,
                                                     ReloadRequests& reload_requests);

}  // namespace spandrel::server
