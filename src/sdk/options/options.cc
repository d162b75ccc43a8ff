// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "base/log.h"
#include "sdk/options/environment.h"
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
    base::LogWarn("spandrel sdk: OTEL_EXPORTER_OTLP_PROTOCOL='{}' is not known; grpc is used",
                  name);
  }
  return ExportOptions::Protocol::kGrpc;
}

void AddLowerCase(TextPairs& headers, TextPairs more) {
  for (auto& [name, value] : more) headers.emplace_back(LowerCase(name), std::move(value));
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
  SetIfGiven(options.timeout, ReadOtlp("TIMEOUT", EnvTimeout));
  if (const auto limit = EnvTimeout("OTEL_BSP_EXPORT_TIMEOUT")) {
    options.timeout = std::min(options.timeout, *limit);
  }
  const std::string compression = ReadOtlp("COMPRESSION", EnvText).value_or("none");
  if (compression == "gzip") {
    options.compression = compression;
  } else if (compression != "none") {
    base::LogWarn("spandrel sdk: OTEL_EXPORTER_OTLP_COMPRESSION='{}' is not known; none is used",
                  compression);
  }
  SetIfGiven(options.schedule_delay, EnvMilliseconds("OTEL_BSP_SCHEDULE_DELAY"));
  SetIfGiven(options.max_request_spans, EnvNumber("OTEL_BSP_MAX_EXPORT_BATCH_SIZE"));
  return options;
}

// "endpoint=URL,pollingIntervalMs=5000,initialSamplingRate=0.25"
JaegerRemoteOptions JaegerRemoteFromEnvironment() {
  constexpr const char* kArg = "OTEL_TRACES_SAMPLER_ARG";
  JaegerRemoteOptions options;
  for (const auto& [key, value] : EnvPairs(kArg)) {
    if (key == "endpoint") {
      options.endpoint = value;
    } else if (key == "pollingIntervalMs") {
      SetIfGiven(options.polling_interval, ParseMilliseconds(kArg, value));
    } else if (key == "initialSamplingRate") {
      SetIfGiven(options.initial_ratio, ParseRatio(kArg, value));
    } else {
      base::LogWarn("spandrel sdk: {}: '{}' is not known and is ignored", kArg, key);
    }
  }
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
  } else if (name == "jaeger_remote") {
    options.root = Root::kJaegerRemote;
    options.jaeger_remote = JaegerRemoteFromEnvironment();
  } else {
    base::LogWarn(
        "spandrel sdk: OTEL_TRACES_SAMPLER='{}' is not known; parentbased_always_on is "
        "used",
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

void SetLogLevel() {
  using base::LogLevel;
  const std::string name = LowerCase(EnvText("OTEL_LOG_LEVEL").value_or(""));
  if (name.empty()) return;
  static const std::map<std::string, LogLevel, std::less<>> kLevels = {
      {"trace", LogLevel::kDebug}, {"verbose", LogLevel::kDebug}, {"debug", LogLevel::kDebug},
      {"info", LogLevel::kInfo},   {"warn", LogLevel::kWarn},     {"warning", LogLevel::kWarn},
      {"error", LogLevel::kError}, {"fatal", LogLevel::kError},   {"none", LogLevel::kOff}};
  const auto level = kLevels.find(name);
  if (level != kLevels.end()) return base::SetLogLevel(level->second);
  base::LogWarn("spandrel sdk: OTEL_LOG_LEVEL='{}' is not known; the level stays", name);
}

// Of a list the first member is taken: there is one exporter.
void SetExporter(Options& options) {
  const std::string list = EnvText("OTEL_TRACES_EXPORTER").value_or("otlp");
  const std::string name = list.substr(0, list.find(','));
  if (name.size() < list.size()) {
    base::LogWarn("spandrel sdk: OTEL_TRACES_EXPORTER='{}': only '{}' is used", list, name);
  }
  if (name == "none") {
    options.disabled = true;
  } else if (name == "console" || name == "otlp/stdout") {
    options.exporter.protocol = ExportOptions::Protocol::kConsole;
  } else if (name != "otlp") {
    base::LogWarn("spandrel sdk: OTEL_TRACES_EXPORTER='{}' is not known; otlp is used", name);
  }
}

void ReportUnsupported() {
  if (EnvText("OTEL_CONFIG_FILE")) {
    base::LogWarn("spandrel sdk: OTEL_CONFIG_FILE is not read; the other OTEL_* variables count");
  }
}

}  // namespace

Options OptionsFromEnvironment(std::string_view service_name) {
  SetLogLevel();
  ReportUnsupported();
  Options options;
  options.service_name = service_name;
  SetResource(options);
  options.sampler = SamplerFromEnvironment();
  options.limits = LimitsFromEnvironment();
  options.exporter = ExporterFromEnvironment();
  SetIfGiven(options.max_buffer_spans, EnvNumber("OTEL_BSP_MAX_QUEUE_SIZE"));
  options.disabled = EnvBool("OTEL_SDK_DISABLED").value_or(false);
  SetExporter(options);
  return options;
}

}  // namespace spandrel::sdk
