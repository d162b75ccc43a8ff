// SPDX-License-Identifier: Apache-2.0
// Configuration files that may name every component that there is: they are decoded, checked and,
// when they are right, printed.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "config/load.h"
#include "pipeline/describe.h"
#include "pipeline/service_config.h"
#include "server/components.h"

namespace spandrel::server {
namespace {

// Knows no variable and no file, so that an input means the same everywhere.
class NoEnvironment final : public config::Environment {
 public:
  std::optional<std::string> Variable(const std::string&) const override { return std::nullopt; }
  base::Result<std::string> ReadFile(const std::string&) const override {
    return base::Status(base::StatusCode::kNotFound, "no such file");
  }
};

// What factories need; nothing is made with them.
struct Server {
  base::MetricRegistry metrics;
  base::HealthBoard health;
  Stores stores{metrics, health};
  Addresses addresses;
  ReloadRequests reload_requests;
  net::IoRuntime runtime{1};
  MemoryShares memory{kLeastMemoryMib << 20, metrics};
  base::IntakeGate intake{metrics};
  pipeline::Factories factories =
      MakeFactories(runtime, stores, memory, intake, addresses, reload_requests);
};

std::optional<pipeline::ServiceConfig> Read(const Server& server, const std::string& text) {
  config::Problems problems;
  auto document = config::Load({{"fuzz.yaml", text}}, {}, NoEnvironment(), &problems);
  if (!document.ok()) return std::nullopt;
  auto loaded = pipeline::ReadServiceConfig(std::move(*document), server.factories, &problems);
  problems.SortByPlace();
  (void)problems.ToString();
  if (!loaded.ok()) return std::nullopt;
  return std::move(*loaded);
}

void Check(const std::string& text) {
  static const Server server;
  const auto read = Read(server, text);
  if (!read) return;
  const std::string printed = pipeline::PrintConfig(*read, pipeline::ConfigFormat::kYaml);
  (void)pipeline::PrintConfig(*read, pipeline::ConfigFormat::kJson);
  SPANDREL_CHECK(!printed.empty());
}

}  // namespace
}  // namespace spandrel::server

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const bool quiet = (spandrel::base::SetLogLevel(spandrel::base::LogLevel::kOff), true);
  (void)quiet;
  spandrel::server::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
