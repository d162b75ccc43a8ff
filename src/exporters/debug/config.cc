// SPDX-License-Identifier: Apache-2.0
#include "exporters/debug/config.h"

#include <fmt/core.h>

#include <optional>
#include <string>

namespace spandrel::exporters {
namespace {

std::optional<Verbosity> ParseVerbosity(std::string_view text) {
  if (text == "basic") return Verbosity::kBasic;
  if (text == "normal") return Verbosity::kNormal;
  if (text == "detailed") return Verbosity::kDetailed;
  return std::nullopt;
}

// `loglevel` is what `logging` had before `verbosity`.
std::string_view VerbosityOfLogLevel(std::string_view level) {
  if (level == "debug") return "detailed";
  if (level == "info") return "normal";
  return "basic";
}

}  // namespace

std::shared_ptr<const DebugExporterConfig> DecodeDebugExporterConfig(config::Decoder& decoder) {
  auto config = std::make_shared<DebugExporterConfig>();
  std::string verbosity = "basic";
  if (decoder.Has("loglevel")) {
    std::string level;
    decoder.Read("loglevel", &level);
    verbosity = VerbosityOfLogLevel(level);
    decoder.Warn("loglevel", fmt::format("deprecated; write 'verbosity: {}'", verbosity));
  }
  decoder.Read("verbosity", &verbosity);
  if (const auto parsed = ParseVerbosity(verbosity)) {
    config->verbosity = *parsed;
  } else {
    decoder.Error("verbosity",
                  fmt::format("'{}' is not one of basic, normal, detailed", verbosity));
  }
  decoder.Read("use_internal_logger", &config->use_internal_logger);
  decoder.Ignore("sampling_initial", "every batch is printed");
  decoder.Ignore("sampling_thereafter", "every batch is printed");
  decoder.Ignore("output_paths", "lines go to the log or to standard output");
  return config;
}

}  // namespace spandrel::exporters
