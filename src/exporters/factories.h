// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "base/status.h"
#include "exporters/store/config.h"
#include "net/socket/io_runtime.h"
#include "pipeline/factories.h"
#include "storage/store.h"

// All exporters there are. `runtime` outlives what the factories make.
namespace spandrel::exporters {

pipeline::ExporterFactory MakeDebugExporterFactory();                            // debug, logging
pipeline::ExporterFactory MakeNopExporterFactory();                              // nop
pipeline::ExporterFactory MakeOtlpGrpcExporterFactory(net::IoRuntime& runtime);  // otlp_grpc, otlp
pipeline::ExporterFactory MakeOtlpHttpExporterFactory(
    net::IoRuntime& runtime);  // otlp_http, otlphttp
pipeline::ExporterFactory MakeJaegerExporterFactory(net::IoRuntime& runtime);  // jaeger

// `store`. `open_store` is called when the exporter is made, so that whatever starts with the graph
// finds the store open; no engine is named here.
using OpenStore =
    std::function<base::Result<std::shared_ptr<storage::Writer>>(const StoreExporterConfig&)>;
pipeline::ExporterFactory MakeStoreExporterFactory(OpenStore open_store);

}  // namespace spandrel::exporters
