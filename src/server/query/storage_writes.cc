// SPDX-License-Identifier: Apache-2.0
#include "server/query/storage_writes.h"

#include <string>
#include <string_view>
#include <utility>

#include "exporters/store/store_exporter.h"
#include "pipeline/outputs.h"
#include "receivers/otlp/grpc_service.h"

namespace spandrel::server {

std::string StorageWriteService() {
  const std::string_view method = receivers::TracesExportMethod();
  return std::string(method.substr(1, method.rfind('/') - 1));
}

net::Handler WithStorageWrites(const pipeline::ComponentContext& context,
                               std::shared_ptr<exporters::TraceStore> store,
                               const std::shared_ptr<const endpoints::Gate>& gate,
                               base::IntakeGate& intake, net::Handler others) {
  const bool by_tenant = store->by_tenant();
  pipeline::Outputs outputs;
  outputs.traces->Point(std::make_shared<exporters::StoreExporter>(context, std::move(store)));
  receivers::GrpcServiceOptions options;
  options.tenants_on = [by_tenant] { return by_tenant; };
  options.intake = &intake;
  auto writes = endpoints::Guarded(gate, endpoints::Role::kSend,
                                   receivers::MakeOtlpGrpcHandler(context, outputs, options));
  return [writes = std::move(writes),
          others = std::move(others)](std::shared_ptr<net::ServerCall> call) {
    const bool is_write = call->request().path == receivers::TracesExportMethod();
    (is_write ? writes : others)(std::move(call));
  };
}

}  // namespace spandrel::server
