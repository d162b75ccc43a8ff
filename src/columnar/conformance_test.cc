// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>

#include "columnar/engine.h"
#include "columnar/test_directory.h"
#include "conformance/storage_suite.h"

namespace spandrel::columnar {
namespace {

// The engine in a directory of its own. Merges early, so that settled data has been merged too.
class EngineUnderTest final : public conformance::StoreUnderTest {
 public:
  EngineUnderTest() { Open(); }

  storage::Writer& writer() override { return *engine_; }
  storage::Reader& reader() override { return *engine_; }
  void Settle() override { engine_->Settle(); }
  void Reopen() override {
    engine_.reset();
    Open();
  }

 private:
  void Open() {
    EngineOptions options;
    options.directory = directory_.path();
    options.merge_fan_in = 2;
    options.max_log_file_bytes = 1 << 20;
    auto engine = Engine::Open(options, metrics_);
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    engine_ = std::move(*engine);
  }

  TestDirectory directory_;
  base::MetricRegistry metrics_;
  std::unique_ptr<Engine> engine_;
};

const int kRegistered = conformance::RegisterStorageSuite(
    "Columnar", [] { return std::make_unique<EngineUnderTest>(); });

}  // namespace
}  // namespace spandrel::columnar
