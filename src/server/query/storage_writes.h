// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/intake_gate.h"
#include "endpoints/gate.h"
#include "exporters/store/trace_store.h"
#include "net/exchange/server_call.h"
#include "pipeline/component.h"

namespace spandrel::server {

// "opentelemetry.proto.collector.trace.v1.TraceService", by which a Jaeger writes to its remote
// storage.
std::string StorageWriteService();

// Takes what a Jaeger writes to its remote storage straight into the store, with no pipeline
// between: OK means stored. Writers need the role `send`. Everything else goes to `others`. What
// the arguments refer to outlives the handler.
net::Handler WithStorageWrites(const pipeline::ComponentContext& context,
                               std::shared_ptr<exporters::TraceStore> store,
                               const std::shared_ptr<const endpoints::Gate>& gate,
                               base::IntakeGate& intake, net::Handler others);

}  // namespace spandrel::server
