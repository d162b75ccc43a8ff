// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/intake_gate.h"
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
// `tempo`, `jaeger_grpc`, `storage_grpc` (the same keys for ports of Tempo's API, localhost:3200,
// of Jaeger's gRPC clients, localhost:16685, and of a Jaeger whose remote storage this is,
// localhost:17271; without them there are no such ports),
// `query_timeout`, `max_query_timeout`, `store` (the extension whose store is asked; without it the
// only store there is), or the options of a store, beginning with `directory`. All arguments
// outlive what the factory makes.
pipeline::ExtensionFactory MakeQueryExtensionFactory(net::IoRuntime& runtime, Stores& stores,
                                                     exporters::DecodeStore decode_store,
                                                     MemoryShares& memory, base::IntakeGate& intake,
                                                     Addresses& addresses,
                                                     ReloadRequests& reload_requests);

}  // namespace spandrel::server
