// SPDX-License-Identifier: Apache-2.0
#include "pipeline/telemetry_config.h"

#include <fmt/format.h>

#include <algorithm>

namespace spandrel::pipeline {
namespace {

constexpr std::string_view kIgnored = "known setting, not supported by Spandrel; it is ignored";

void IgnoreAll(config::Decoder& decoder, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) decoder.Ignore(key, kIgnored);
}

base::LogLevel DecodeLogs(config::Decoder decoder) {
  std::string level = "info";
  decoder.Read("level", &level);
  IgnoreAll(decoder,
            {"encoding", "development", "disable_caller", "disable_stacktrace", "output_paths",
             "error_output_paths", "initial_fields", "sampling", "processors"});
  std::transform(level.begin(), level.end(), level.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (level == "debug") return base::LogLevel::kDebug;
  if (level == "info") return base::LogLevel::kInfo;
  if (level == "warn" || level == "warning") return base::LogLevel::kWarn;
  if (level == "error" || level == "dpanic" || level == "panic" || level == "fatal") {
    return base::LogLevel::kError;
  }
  decoder.Error("level", "must be debug, info, warn or error");
  return base::LogLevel::kInfo;
}

// `pull: {exporter: {prometheus: {host, port}}}` of a reader; empty when it is something else.
std::string DecodeReader(config::Decoder reader) {
  reader.Ignore("periodic", kIgnored);
  if (!reader.Has("pull")) return "";
  config::Decoder pull = reader.Child("pull");
  config::Decoder exporter = pull.Child("exporter");
  if (!exporter.Has("prometheus")) return "";
  config::Decoder prometheus = exporter.Child("prometheus");
  std::string host = "localhost";
  int64_t port = 8888;
  prometheus.Read("host", &host);
  prometheus.Read("port", &port);
  for (const char* key : {"without_scope_info", "without_units", "without_type_suffix",
                          "with_resource_constant_labels", "translation_strategy"}) {
    prometheus.Ignore(key);
  }
  if (port < 0 || port > 65535) prometheus.Error("port", "must be from 0 to 65535");
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return is_ipv6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

std::string DecodeMetrics(config::Decoder decoder) {
  std::string endpoint = TelemetryConfig().metrics_endpoint;
  std::string level = "normal";
  decoder.Read("level", &level);
  const bool is_known =
      level == "none" || level == "basic" || level == "normal" || level == "detailed";
  if (!is_known) decoder.Error("level", "must be none, basic, normal or detailed");
  decoder.Ignore("views", kIgnored);
  if (decoder.Has("address")) {
    decoder.Read("address", &endpoint);
    decoder.Warn("address", "removed upstream; Spandrel still serves its metrics there");
  }
  if (decoder.Has("readers")) {
    std::string from_readers;
    for (config::Decoder& reader : decoder.Children("readers")) {
      std::string found = DecodeReader(std::move(reader));
      if (from_readers.empty()) from_readers = std::move(found);
    }
    endpoint = std::move(from_readers);
  }
  return level == "none" ? "" : endpoint;
}

}  // namespace

TelemetryConfig DecodeTelemetry(config::Decoder decoder) {
  TelemetryConfig telemetry;
  telemetry.log_level = DecodeLogs(decoder.Child("logs"));
  telemetry.metrics_endpoint = DecodeMetrics(decoder.Child("metrics"));
  decoder.Ignore("traces", kIgnored);
  decoder.Ignore("resource", kIgnored);
  return telemetry;
}

}  // namespace spandrel::pipeline
