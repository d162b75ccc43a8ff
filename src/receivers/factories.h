// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>

#include "base/intake_gate.h"
#include "net/socket/endpoint.h"
#include "net/socket/io_runtime.h"
#include "pipeline/factories.h"

// All receivers there are. `runtime` outlives what the factories make.
namespace spandrel::receivers {

// `otlp`. `on_listening` is called at start, once for each protocol ("grpc", "http"), with where it
// listens. `tenants_on` is asked for each request whether `X-Scope-OrgID` names its tenant. Both
// may be empty. `intake` says whether requests are taken now; it outlives the receivers, null:
// always.
pipeline::ReceiverFactory MakeOtlpReceiverFactory(
    net::IoRuntime& runtime,
    std::function<void(std::string_view protocol, const net::Endpoint&)> on_listening = {},
    std::function<bool()> tenants_on = {}, base::IntakeGate* intake = nullptr);

pipeline::ReceiverFactory MakeNopReceiverFactory();

}  // namespace spandrel::receivers
