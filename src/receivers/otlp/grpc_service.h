// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/intake_gate.h"
#include "net/exchange/server_call.h"
#include "pipeline/component.h"
#include "pipeline/outputs.h"
#include "receivers/otlp/tenant_rates.h"
#include "receivers/otlp/tenant_step.h"

namespace spandrel::receivers {

struct GrpcServiceOptions {
  size_t max_message_bytes = 64 << 20;
  bool include_metadata = false;
  TenantsOn tenants_on = {};
  std::shared_ptr<TenantRates> rates = {};  // null: no limits
  base::IntakeGate* intake = nullptr;       // null: everything is taken in
};

// OTLP/gRPC: Export of each signal that `outputs` take, answered with what became of it. What the
// context refers to outlives the handler.
net::Handler MakeOtlpGrpcHandler(const pipeline::ComponentContext& context,
                                 const pipeline::Outputs& outputs,
                                 const GrpcServiceOptions& options);

// "/opentelemetry.proto.collector.trace.v1.TraceService/Export".
std::string_view TracesExportMethod();
// Asks the gate about exports of traces by their heads; all else passes.
net::HeadCheck TracesExportCheck(base::IntakeGate& intake);

}  // namespace spandrel::receivers
