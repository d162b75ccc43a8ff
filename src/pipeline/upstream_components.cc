// SPDX-License-Identifier: Apache-2.0
#include "pipeline/upstream_components.h"

#include <algorithm>
#include <iterator>

namespace spandrel::pipeline {
namespace {

struct UpstreamComponent {
  ComponentKind kind;
  std::string_view type;
  std::string_view instead;
};

constexpr auto kReceiver = ComponentKind::kReceiver;
constexpr auto kProcessor = ComponentKind::kProcessor;
constexpr auto kExporter = ComponentKind::kExporter;
constexpr auto kConnector = ComponentKind::kConnector;
constexpr auto kExtension = ComponentKind::kExtension;

// The components of the OpenTelemetry Collector and its contrib distribution that handle traces or
// serve those that do, supported here or not.
constexpr UpstreamComponent kUpstreamComponents[] = {
    {kReceiver, "otlp", ""},
    {kReceiver, "jaeger", "send OTLP to the otlp receiver"},
    {kReceiver, "zipkin", "send OTLP to the otlp receiver"},
    {kReceiver, "kafka", ""},
    {kReceiver, "opencensus", "send OTLP to the otlp receiver"},
    {kReceiver, "otelarrow", "send OTLP to the otlp receiver"},
    {kReceiver, "otlpjsonfile", ""},
    {kReceiver, "skywalking", ""},
    {kReceiver, "awsxray", ""},
    {kReceiver, "datadog", ""},
    {kReceiver, "prometheus", "it receives metrics"},
    {kReceiver, "hostmetrics", "it receives metrics"},
    {kReceiver, "filelog", "it receives logs"},
    {kReceiver, "nop", ""},
    {kProcessor, "batch", ""},
    {kProcessor, "queuebatch", "use batch"},
    {kProcessor, "memory_limiter", "leave it out, memory is bounded without it"},
    {kProcessor, "attributes", ""},
    {kProcessor, "resource", ""},
    {kProcessor, "span", ""},
    {kProcessor, "filter", ""},
    {kProcessor, "transform", ""},
    {kProcessor, "probabilistic_sampler", ""},
    {kProcessor, "tail_sampling", ""},
    {kProcessor, "groupbytrace", ""},
    {kProcessor, "groupbyattrs", ""},
    {kProcessor, "redaction", ""},
    {kProcessor, "resourcedetection", ""},
    {kProcessor, "k8sattributes", ""},
    {kProcessor, "interval", ""},
    {kExporter, "otlp", ""},
    {kExporter, "otlp_grpc", ""},
    {kExporter, "otlp_http", ""},
    {kExporter, "otlphttp", ""},
    {kExporter, "jaeger", ""},
    {kExporter, "jaeger_thrift", "use jaeger"},
    {kExporter, "zipkin", ""},
    {kExporter, "kafka", ""},
    {kExporter, "file", ""},
    {kExporter, "debug", ""},
    {kExporter, "logging", "use debug"},
    {kExporter, "clickhouse", ""},
    {kExporter, "loadbalancing", ""},
    {kExporter, "otelarrow", "use otlp_grpc"},
    {kExporter, "opencensus", "use otlp_grpc"},
    {kExporter, "elasticsearch", ""},
    {kExporter, "datadog", ""},
    {kExporter, "awsxray", ""},
    {kExporter, "prometheus", "it exports metrics"},
    {kExporter, "prometheusremotewrite", "it exports metrics"},
    {kExporter, "nop", ""},
    {kConnector, "spanmetrics", ""},
    {kConnector, "servicegraph", ""},
    {kConnector, "count", ""},
    {kConnector, "routing", ""},
    {kConnector, "forward", ""},
    {kConnector, "failover", ""},
    {kConnector, "roundrobin", ""},
    {kConnector, "signaltometrics", ""},
    {kConnector, "sum", ""},
    {kExtension, "health_check", ""},
    {kExtension, "healthcheckv2", ""},
    {kExtension, "zpages", ""},
    {kExtension, "pprof", ""},
    {kExtension, "basicauth", ""},
    {kExtension, "bearertokenauth", ""},
    {kExtension, "oidc", ""},
    {kExtension, "oauth2client", ""},
    {kExtension, "headers_setter", ""},
    {kExtension, "file_storage", ""},
    {kExtension, "db_storage", ""},
    {kExtension, "opamp", ""},
    {kExtension, "jaegerremotesampling", ""},
    {kExtension, "memory_ballast", "leave it out"},
    {kExtension, "memory_limiter", "leave it out, memory is bounded without it"},
};

}  // namespace

std::string_view ComponentKindName(ComponentKind kind) {
  switch (kind) {
    case ComponentKind::kReceiver:
      return "receiver";
    case ComponentKind::kProcessor:
      return "processor";
    case ComponentKind::kExporter:
      return "exporter";
    case ComponentKind::kConnector:
      return "connector";
    case ComponentKind::kExtension:
      return "extension";
  }
  return "";
}

std::optional<std::string_view> FindUpstreamComponent(ComponentKind kind, std::string_view type) {
  const auto found =
      std::find_if(std::begin(kUpstreamComponents), std::end(kUpstreamComponents),
                   [&](const UpstreamComponent& it) { return it.kind == kind && it.type == type; });
  if (found == std::end(kUpstreamComponents)) return std::nullopt;
  return found->instead;
}

}  // namespace spandrel::pipeline
