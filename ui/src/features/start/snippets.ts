// SPDX-License-Identifier: Apache-2.0
// What to run to send a first span, with this server's own addresses filled in.

export interface Endpoints {
  /** host:port, empty when there is no such receiver. */
  readonly grpc: string;
  readonly http: string;
}

export interface Step {
  readonly title: string;
  readonly code: string;
}

export interface Language {
  readonly id: string;
  readonly name: string;
  readonly steps: (at: Endpoints) => readonly Step[];
}

function environment(at: Endpoints, protocol: 'grpc' | 'http/protobuf'): Step {
  const address = protocol === 'grpc' ? at.grpc : at.http;
  return {
    title: 'Point the SDK here',
    code: [
      `export OTEL_SERVICE_NAME=my-service`,
      `export OTEL_EXPORTER_OTLP_ENDPOINT=http://${address}`,
      `export OTEL_EXPORTER_OTLP_PROTOCOL=${protocol}`,
    ].join('\n'),
  };
}

const spandrel: Language = {
  id: 'cpp',
  name: 'C++',
  steps: (at) => [
    {
      title: 'CMakeLists.txt',
      code: 'add_subdirectory(spandrel)\ntarget_link_libraries(my_service PRIVATE spandrel_sdk)',
    },
    {
      title: 'main.cc',
      code:
        '#include <spandrel/sdk.h>\n\nint main() {\n  auto tracing = spandrel::sdk::Init("my-service");\n  auto tracer = opentelemetry::trace::Provider::GetTracerProvider()->GetTracer("my-service");\n' +
        '  auto span = tracer->StartSpan("hello");\n  span->End();\n}',
    },
    { title: 'Run', code: `OTEL_EXPORTER_OTLP_ENDPOINT=http://${at.grpc} ./my_service` },
  ],
};

const openTelemetryCpp: Language = {
  id: 'otelcpp',
  name: 'opentelemetry-cpp',
  steps: (at) => [
    {
      title: 'main.cc',
      code: `#include <opentelemetry/exporters/otlp/otlp_grpc_exporter_factory.h>
#include <opentelemetry/sdk/trace/batch_span_processor_factory.h>
#include <opentelemetry/sdk/trace/batch_span_processor_options.h>
#include <opentelemetry/sdk/trace/provider.h>
#include <opentelemetry/sdk/trace/tracer_provider_factory.h>

namespace otlp = opentelemetry::exporter::otlp;
namespace sdk = opentelemetry::sdk::trace;

int main() {
  otlp::OtlpGrpcExporterOptions options;
  options.endpoint = "http://${at.grpc}";
  auto processor = sdk::BatchSpanProcessorFactory::Create(otlp::OtlpGrpcExporterFactory::Create(options), {});
  std::shared_ptr<sdk::TracerProvider> provider = sdk::TracerProviderFactory::Create(std::move(processor));
  provider->GetTracer("hello")->StartSpan("hello")->End();
  provider->Shutdown();
}`,
    },
  ],
};

const go: Language = {
  id: 'go',
  name: 'Go',
  steps: (at) => [
    {
      title: 'Add the SDK',
      code: 'go get go.opentelemetry.io/otel/sdk go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc',
    },
    {
      title: 'main.go',
      code: `exporter, err := otlptracegrpc.New(ctx)
if err != nil {
    log.Fatal(err)
}
provider := trace.NewTracerProvider(trace.WithBatcher(exporter))
defer provider.Shutdown(ctx)
_, span := provider.Tracer("hello").Start(ctx, "hello")
span.End()`,
    },
    environment(at, 'grpc'),
  ],
};

const python: Language = {
  id: 'python',
  name: 'Python',
  steps: (at) => [
    {
      title: 'Add the SDK',
      code: 'pip install opentelemetry-distro opentelemetry-exporter-otlp\nopentelemetry-bootstrap -a install',
    },
    environment(at, 'grpc'),
    { title: 'Run', code: 'opentelemetry-instrument python app.py' },
  ],
};

const java: Language = {
  id: 'java',
  name: 'Java',
  steps: (at) => [
    environment(at, 'http/protobuf'),
    { title: 'Run with the agent', code: 'java -javaagent:opentelemetry-javaagent.jar -jar app.jar' },
  ],
};

const javascript: Language = {
  id: 'js',
  name: 'JavaScript',
  steps: (at) => [
    { title: 'Add the SDK', code: 'npm install @opentelemetry/api @opentelemetry/auto-instrumentations-node' },
    environment(at, 'http/protobuf'),
    { title: 'Run', code: 'node --require @opentelemetry/auto-instrumentations-node/register app.js' },
  ],
};

const curl: Language = {
  id: 'curl',
  name: 'curl',
  steps: (at) => [
    {
      title: 'One span over OTLP/HTTP',
      code: `now=$(date +%s%N)
curl http://${at.http}/v1/traces -H 'Content-Type: application/json' -d '{
  "resourceSpans": [{
    "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "hello"}}]},
    "scopeSpans": [{"spans": [{
      "traceId": "'$(openssl rand -hex 16)'", "spanId": "'$(openssl rand -hex 8)'",
      "name": "hello from curl", "kind": 2,
      "startTimeUnixNano": "'$now'", "endTimeUnixNano": "'$((now + 50000000))'"
    }]}]
  }]
}'`,
    },
  ],
};

export const LANGUAGES: readonly Language[] = [spandrel, openTelemetryCpp, go, python, java, javascript, curl];

/** The server's receivers; a wildcard bind is shown under the name the reader used. */
export function endpointsOf(otlpGrpc: string, otlpHttp: string, pageHost: string): Endpoints {
  const named = (address: string): string => address.replace(/^(0\.0\.0\.0|\[::\])(?=:)/, pageHost);
  return { grpc: named(otlpGrpc || '127.0.0.1:4317'), http: named(otlpHttp || '127.0.0.1:4318') };
}
