// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "base/log.h"
#include "net/http.h"
#include "sdk/environment.h"
#include "spandrel/sdk.h"

namespace spandrel::sdk {
namespace {

// OTEL_EXPORTER_OTLP_TRACES_<name>, else OTEL_EXPORTER_OTLP_<name>.
template <typename Read>
auto ReadOtlp(const std::string& name, Read read) {
  auto value = read(("OTEL_EXPORTER_OTLP_TRACES_" + name).c_str());
  return value ? value : read(("OTEL_EXPORTER_OTLP_" + name).c_str());
}

template <typename T, typename U>
void SetIfGiven(T& target, const std::optional<U>& value) {
  if (value) target = static_cast<T>(*value);
}

// Of the generic variable only the base is meant: the signal's path comes behind it. A URL without
// scheme is TLS when INSECURE=false or a certificate is given.
std::string EndpointFromEnvironment(bool http, bool secure) {
  std::string endpoint;
  if (const auto own = EnvText("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")) {
    endpoint = *own;
  } else if (const auto base = EnvText("OTEL_EXPORTER_OTLP_ENDPOINT")) {
    endpoint = *base;
    if (http) endpoint += endpoint.back() == '/' ? "v1/traces" : "/v1/traces";
  }
  const bool has_scheme = endpoint.find("://") != std::string::npos;
  return endpoint.empty() || has_scheme || !secure ? endpoint : "https://" + endpoint;
}

ExportOptions::Protocol ProtocolFromEnvironment() {
  const std::string name = ReadOtlp("PROTOCOL", EnvText).value_or("grpc");
  if (name == "http/protobuf") return ExportOptions::Protocol::kHttpProtobuf;
  if (name != "grpc") {
    base::LogWarn("spandrel sdk: OTLP protocol '{}' is not known; grpc is used", name);
  }
  return ExportOptions::Protocol::kGrpc;
}

void AddLowerCase(TextPairs& headers, TextPairs more) {
  for (auto& [name, value] : more) {
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    headers.emplace_back(std::move(name), std::move(value));
  }
}

ExportOptions ExporterFromEnvironment() {
  ExportOptions options;
  options.protocol = ProtocolFromEnvironment();
  SetIfGiven(options.ca_file, ReadOtlp("CERTIFICATE", EnvText));
  SetIfGiven(options.cert_file, ReadOtlp("CLIENT_CERTIFICATE", EnvText));
  SetIfGiven(options.key_file, ReadOtlp("CLIENT_KEY", EnvText));
  const bool insecure = ReadOtlp("INSECURE", EnvBool).value_or(options.ca_file.empty());
  options.endpoint = EndpointFromEnvironment(
      options.protocol == ExportOptions::Protocol::kHttpProtobuf, !insecure);
  const bool own_headers = EnvText("OTEL_EXPORTER_OTLP_TRACES_HEADERS").has_value();
  AddLowerCase(options.headers, EnvPairs(own_headers ? "OTEL_EXPORTER_OTLP_TRACES_HEADERS"
                                                     : "OTEL_EXPORTER_OTLP_HEADERS"));
  SetIfGiven(options.timeout, ReadOtlp("TIMEOUT", EnvMilliseconds));
  const std::string compression = ReadOtlp("COMPRESSION", EnvText).value_or("none");
  if (compression == "gzip") {
    options.compression = compression;
  } else if (compression != "none") {
    base::LogWarn("spandrel sdk: OTLP compression '{}' is not known; none is used", compression);
  }
  SetIfGiven(options.schedule_delay, EnvMilliseconds("OTEL_BSP_SCHEDULE_DELAY"));
  SetIfGiven(options.timeout, EnvMilliseconds("OTEL_BSP_EXPORT_TIMEOUT"));
  SetIfGiven(options.max_request_spans, EnvNumber("OTEL_BSP_MAX_EXPORT_BATCH_SIZE"));
  return options;
}

SamplerOptions SamplerFromEnvironment() {
  using Root = SamplerOptions::Root;
  SamplerOptions options;
  std::string name = EnvText("OTEL_TRACES_SAMPLER").value_or("parentbased_always_on");
  const std::string full_name = name;
  constexpr std::string_view kParentBased = "parentbased_";
  options.parent_based = name.starts_with(kParentBased);
  if (options.parent_based) name.erase(0, kParentBased.size());
  if (name == "always_on") return options;
  if (name == "always_off") {
    options.root = Root::kAlwaysOff;
  } else if (name == "traceidratio") {
    options.root = Root::kTraceIdRatio;
    options.ratio = EnvRatio("OTEL_TRACES_SAMPLER_ARG").value_or(1.0);
  } else {
    base::LogWarn("spandrel sdk: sampler '{}' is not known; parentbased_always_on is used",
                  full_name);
    return {};
  }
  return options;
}

SpanLimits LimitsFromEnvironment() {
  SpanLimits limits;
  SetIfGiven(limits.attributes, EnvNumber("OTEL_ATTRIBUTE_COUNT_LIMIT"));
  SetIfGiven(limits.attributes, EnvNumber("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT"));
  SetIfGiven(limits.attribute_value_length, EnvNumber("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"));
  SetIfGiven(limits.attribute_value_length, EnvNumber("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT"));
  SetIfGiven(limits.events, EnvNumber("OTEL_SPAN_EVENT_COUNT_LIMIT"));
  SetIfGiven(limits.links, EnvNumber("OTEL_SPAN_LINK_COUNT_LIMIT"));
  SetIfGiven(limits.attributes_per_event, EnvNumber("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT"));
  SetIfGiven(limits.attributes_per_link, EnvNumber("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT"));
  return limits;
}

// The service's name: OTEL_SERVICE_NAME, else service.name of OTEL_RESOURCE_ATTRIBUTES, else the
// code's.
void SetResource(Options& options) {
  for (auto& [key, value] : EnvPairs("OTEL_RESOURCE_ATTRIBUTES")) {
    if (key == "service.name") {
      options.service_name = value;
    } else {
      options.resource_attributes.emplace_back(std::move(key), std::move(value));
    }
  }
  SetIfGiven(options.service_name, EnvText("OTEL_SERVICE_NAME"));
}

}  // namespace

Options OptionsFromEnvironment(std::string_view service_name) {
  Options options;
  if (!service_name.empty()) options.service_name = service_name;
  SetResource(options);
  options.sampler = SamplerFromEnvironment();
  options.limits = LimitsFromEnvironment();
  options.exporter = ExporterFromEnvironment();
  SetIfGiven(options.max_buffer_spans, EnvNumber("OTEL_BSP_MAX_QUEUE_SIZE"));
  const std::string exporter = EnvText("OTEL_TRACES_EXPORTER").value_or("otlp");
  if (exporter != "otlp" && exporter != "none") {
    base::LogWarn("spandrel sdk: OTEL_TRACES_EXPORTER '{}' is not known; otlp is used", exporter);
  }
  options.disabled = EnvBool("OTEL_SDK_DISABLED").value_or(false) || exporter == "none";
  return options;
}

}  // namespace spandrel::sdk
