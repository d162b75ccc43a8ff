// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>

#include "columnar/engine.h"
#include "columnar/testing/spans.h"
#include "conformance/storage_suite.h"
#include "conformance/test_spans.h"
#include "conformance/weaker_store.h"
#include "disk/testing/directory.h"

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

  disk::TestDirectory directory_;
  base::MetricRegistry metrics_;
  std::unique_ptr<Engine> engine_;
};

// One tenant among others, whose spans have the same ids: it is as if they were not there.
class TenantUnderTest final : public conformance::StoreUnderTest {
 public:
  TenantUnderTest() { Open(); }

  storage::Writer& writer() override { return *tenant_; }
  storage::Reader& reader() override { return *tenant_; }
  void Settle() override { engine_->Settle(); }
  void Reopen() override {
    tenant_.reset();
    engine_.reset();
    Open();
  }

 private:
  void Open() {
    EngineOptions options;
    options.directory = directory_.path();
    options.tenants = true;
    options.merge_fan_in = 2;
    options.max_log_file_bytes = 1 << 20;
    auto engine = Engine::Open(options, metrics_);
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    engine_ = std::move(*engine);
    tenant_ = engine_->ForTenant("tested");
    const auto spans = conformance::MakeBatch({{.trace = 1, .name = "not to be seen"}});
    for (const char* other : {"", "another", "tested-too"}) {
      ASSERT_TRUE(AppendAndWait(*engine_->ForTenant(other), spans).ok());
    }
  }

  disk::TestDirectory directory_;
  base::MetricRegistry metrics_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Engine> tenant_;
};

// What a killed process leaves, as another one finds it: after Settle the reader is a store that
// was opened on a copy of the directory, where all that came since the last Reopen is in the log
// only.
class KilledEngineUnderTest final : public conformance::StoreUnderTest {
 public:
  KilledEngineUnderTest() { Reopen(); }

  storage::Writer& writer() override {
    recovered_.reset();
    return *engine_;
  }
  storage::Reader& reader() override { return recovered_ ? *recovered_ : *engine_; }
  void Settle() override {
    recovered_.reset();
    std::filesystem::remove_all(copy_.path());
    std::filesystem::copy(directory_.path(), copy_.path(),
                          std::filesystem::copy_options::recursive);
    EngineOptions options;
    options.directory = copy_.path();
    options.read_only = true;  // so that nothing is sealed
    options.seal_spans = 50;
    Open(options, &recovered_);
  }
  void Reopen() override {
    recovered_.reset();
    engine_.reset();
    EngineOptions options;
    options.directory = directory_.path();
    options.seal_age = std::chrono::hours(1);
    options.max_log_file_bytes = 1 << 20;
    Open(options, &engine_);
  }

 private:
  void Open(const EngineOptions& options, std::unique_ptr<Engine>* opened) {
    auto engine = Engine::Open(options, metrics_);
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    *opened = std::move(*engine);
  }

  disk::TestDirectory directory_;
  disk::TestDirectory copy_;
  base::MetricRegistry metrics_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Engine> recovered_;  // null: nothing was settled since the last append
};

// The engine behind a writer that keeps texts only: the suite expects no more of it.
class TextsUnderTest final : public conformance::StoreUnderTest {
 public:
  storage::Writer& writer() override {
    writer_.emplace(engine_.writer(), promised());
    return *writer_;
  }
  storage::Reader& reader() override { return engine_.reader(); }
  storage::Capabilities promised() override {
    return {.exact_bytes = false, .typed_values = false};
  }
  void Settle() override { engine_.Settle(); }
  void Reopen() override { engine_.Reopen(); }

 private:
  EngineUnderTest engine_;
  std::optional<conformance::WeakerWriter> writer_;
};

const int kRegisteredTexts = conformance::RegisterStorageSuite(
    "ColumnarOfTexts", [] { return std::make_unique<TextsUnderTest>(); });

const int kRegisteredKilled = conformance::RegisterStorageSuite(
    "KilledColumnar", [] { return std::make_unique<KilledEngineUnderTest>(); });

const int kRegisteredTenant = conformance::RegisterStorageSuite(
    "ColumnarTenant", [] { return std::make_unique<TenantUnderTest>(); });

const int kRegistered = conformance::RegisterStorageSuite(
    "Columnar", [] { return std::make_unique<EngineUnderTest>(); });

}  // namespace
}  // namespace spandrel::columnar
