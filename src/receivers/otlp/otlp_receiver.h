// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/intake_gate.h"
#include "endpoints/authenticator.h"
#include "endpoints/gate.h"
#include "endpoints/grpc_health.h"
#include "net/exchange/server_call.h"
#include "net/exchange/server_limits.h"
#include "net/peer/server.h"
#include "net/socket/io_runtime.h"
#include "pipeline/component.h"
#include "pipeline/outputs.h"
#include "receivers/otlp/config.h"
#include "receivers/otlp/tenant_rates.h"
#include "receivers/otlp/tenant_step.h"

namespace spandrel::receivers {

// Called once for each protocol ("grpc", "http") when it listens, with the real port.
using ListeningObserver = std::function<void(std::string_view protocol, const net::Endpoint&)>;

// What the extensions are that its listeners name; null where one names none.
struct OtlpLogins {
  std::shared_ptr<endpoints::ServerAuthenticator> grpc;
  std::shared_ptr<endpoints::ServerAuthenticator> http;
};

// Listens for OTLP requests of the signals that pipelines take from it, and answers each with what
// its pipeline said of it. One server a protocol, whatever the number of signals. Over gRPC it says
// whether it would take one, too (grpc.health.v1), to everybody. An export that is not taken in now
// is refused by its head, and once more when it is whole, before it is decoded.
// Start and Shutdown come from one thread; requests arrive on I/O threads.
class OtlpReceiver : public pipeline::Receiver {
 public:
  OtlpReceiver(net::IoRuntime& runtime, pipeline::ComponentContext context,
               std::shared_ptr<const OtlpReceiverConfig> config, pipeline::Outputs outputs,
               ListeningObserver on_listening, TenantsOn tenants_on, OtlpLogins logins = {},
               base::IntakeGate* intake = nullptr);
  ~OtlpReceiver() override;

  base::Status Start() override;
  void Shutdown(std::chrono::steady_clock::time_point deadline) override;

 private:
  net::Handler MakeGrpcHandler() const;
  net::Handler MakeHttpHandler() const;
  bool TakesRequests() const;
  net::HeadCheck MakeHeadCheck(std::string_view protocol) const;
  net::Handler WithHealth(std::shared_ptr<const endpoints::Gate> gate, net::Handler other) const;
  base::Status Listen(std::string_view protocol, const endpoints::ListenerConfig& listener,
                      std::shared_ptr<endpoints::ServerAuthenticator> login,
                      net::ServerLimits limits, net::Handler handler);

  net::IoRuntime& runtime_;
  const pipeline::ComponentContext context_;
  const std::shared_ptr<const OtlpReceiverConfig> config_;
  const pipeline::Outputs outputs_;
  const ListeningObserver on_listening_;
  const TenantsOn tenants_on_;
  const OtlpLogins logins_;
  base::IntakeGate* const intake_;                 // null: everything is taken in
  const std::shared_ptr<TenantRates> rates_;       // of both protocols together; null: no limits
  std::shared_ptr<endpoints::GrpcHealth> health_;  // of gRPC; null before the start
  std::vector<std::unique_ptr<net::Server>> servers_;
};

}  // namespace spandrel::receivers
