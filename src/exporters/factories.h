// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "exporters/store/trace_store.h"
#include "net/socket/io_runtime.h"
#include "pipeline/factories.h"

// All exporters there are. `runtime` outlives what the factories make.
namespace spandrel::exporters {

pipeline::ExporterFactory MakeDebugExporterFactory();                            // debug, logging
pipeline::ExporterFactory MakeNopExporterFactory();                              // nop
pipeline::ExporterFactory MakeOtlpGrpcExporterFactory(net::IoRuntime& runtime);  // otlp_grpc, otlp
pipeline::ExporterFactory MakeOtlpHttpExporterFactory(
    net::IoRuntime& runtime);  // otlp_http, otlphttp
pipeline::ExporterFactory MakeJaegerExporterFactory(net::IoRuntime& runtime);  // jaeger

// `store`. Writes to the store of the extension that it names, or to one of its own, which
// `decode_store` knows how to open; no engine is named here. A store of its own is open from when
// the exporter is made, so that whatever starts with the graph finds it.
pipeline::ExporterFactory MakeStoreExporterFactory(DecodeStore decode_store);

}  // namespace spandrel::exporters
