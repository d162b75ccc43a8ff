// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "exporters/store/trace_store.h"
#include "net/socket/io_runtime.h"
#include "pipeline/factories.h"
#include "server/process/memory.h"
#include "server/process/ready_file.h"
#include "server/process/reload_requests.h"
#include "server/store/stores.h"

namespace spandrel::server {

// The extension `query`: serves the page, the APIs, /metrics and /health over the store of this
// process. Keys: those of a listener (`endpoint`, localhost:16686, `tls`, `auth`, `cors`, ...),
// `tempo` (the same keys for a port of Tempo's API, localhost:3200; without it there is none),
// `query_timeout`, `max_query_timeout`, `store` (the extension whose store is asked; without it the
// only store there is), or the options of a store, beginning with `directory`. All arguments
// outlive what the factory makes.
pipeline::ExtensionFactory MakeQueryExtensionFactory(net::IoRuntime& runtime, Stores& stores,
                                                     exporters::DecodeStore decode_store,
                                                     MemoryShares& memory, Addresses& addresses,
                                                     ReloadRequests& reload_requests);

}  // namespace spandrel::server
