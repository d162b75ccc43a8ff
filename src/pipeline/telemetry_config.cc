// SPDX-License-Identifier: Apache-2.0
#include "pipeline/telemetry_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "config/render.h"

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

// `pull: {exporter: {prometheus: {host, port}}}` of a reader, and what `decode` reads there;
// nothing when it is something else.
void DecodeReader(config::Decoder reader, const DecodeConfig& decode, TelemetryConfig* telemetry) {
  reader.Ignore("periodic", kIgnored);
  if (!reader.Has("pull")) return;
  config::Decoder pull = reader.Child("pull");
  config::Decoder exporter = pull.Child("exporter");
  if (!exporter.Has("prometheus")) return;
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
  const auto listener = decode ? decode(prometheus) : nullptr;
  if (!telemetry->metrics_endpoint.empty()) return;  // an earlier reader serves them
  telemetry->metrics_endpoint =
      is_ipv6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
  telemetry->metrics_listener = listener;
}

void DecodeMetrics(config::Decoder decoder, const DecodeConfig& decode_listener,
                   TelemetryConfig* telemetry) {
  std::string level = "normal";
  decoder.Read("level", &level);
  const bool is_known =
      level == "none" || level == "basic" || level == "normal" || level == "detailed";
  if (!is_known) decoder.Error("level", "must be none, basic, normal or detailed");
  decoder.Ignore("views", kIgnored);
  if (decoder.Has("address")) {
    decoder.Read("address", &telemetry->metrics_endpoint);
    decoder.Warn("address", "removed upstream; Spandrel still serves its metrics there");
  }
  if (decoder.Has("readers")) {
    telemetry->metrics_endpoint.clear();
    for (config::Decoder& reader : decoder.Children("readers")) {
      DecodeReader(std::move(reader), decode_listener, telemetry);
    }
  }
  if (level == "none") telemetry->metrics_endpoint.clear();
}

}  // namespace

TelemetryConfig DecodeTelemetry(config::Decoder decoder, const DecodeConfig& metrics_listener) {
  TelemetryConfig telemetry;
  telemetry.log_level = DecodeLogs(decoder.Child("logs"));
  if (const config::Node* metrics = decoder.ReadAny("metrics")) {
    telemetry.metrics_hash = std::hash<std::string>()(
        config::RenderJson(*metrics, {.is_compact = true, .is_redacted = false}));
  }
  DecodeMetrics(decoder.Child("metrics"), metrics_listener, &telemetry);
  decoder.Ignore("traces", kIgnored);
  decoder.Ignore("resource", kIgnored);
  return telemetry;
}

}  // namespace spandrel::pipeline
