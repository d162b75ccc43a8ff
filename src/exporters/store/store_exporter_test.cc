// SPDX-License-Identifier: Apache-2.0
#include "exporters/store/store_exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conformance/reference_store.h"
#include "exporters/testing/decode_yaml.h"
#include "pipeline/extensions.h"
#include "signal/origin.h"
#include "wire/testing/request.h"

namespace spandrel::exporters {
namespace {

using base::Status;
using base::StatusCode;

class FakeStore final : public TraceStore, public storage::Store, public storage::Writer {
 public:
  storage::Store& store() override { return *this; }
  bool by_tenant() const override { return is_by_tenant; }
  const std::string& directory() const override { return directory_; }

  storage::Writer& writer() override { return *this; }
  storage::Reader& reader() override { return reference_; }
  storage::StoreStats Stats() const override { return {}; }
  void Settle() override {}
  void Close() override {}

  void Append(span::SpanBatch&& batch, storage::Completion done) override {
    spans += batch.span_count();
    tenant = batch.origin() == nullptr ? "" : batch.origin()->tenant;
    done(answer);
  }

  size_t spans = 0;
  std::string tenant;
  Status answer;
  bool is_by_tenant = false;

 private:
  const std::string directory_ = "/data";
  conformance::ReferenceStore reference_;
};

class FakeExtension final : public pipeline::Extension, public TraceStoreExtension {
 public:
  explicit FakeExtension(std::shared_ptr<TraceStore> store) : store_(std::move(store)) {}
  Status Start() override { return {}; }
  void Shutdown(std::chrono::steady_clock::time_point) override {}
  std::shared_ptr<TraceStore> trace_store() const override { return store_; }

 private:
  const std::shared_ptr<TraceStore> store_;
};

class StoreExporterTest : public ::testing::Test {
 protected:
  using Made = base::Result<std::unique_ptr<pipeline::Exporter<span::SpanBatch>>>;

  Made Make(std::string_view yaml = "{directory: /data}") {
    const pipeline::ExporterFactory factory =
        MakeStoreExporterFactory([this](config::Decoder& decoder) -> OpenStore {
          decoder.Read("directory", &decoded_);
          return [this] { return opened_; };
        });
    const auto config = DecodeYaml(yaml, factory.decode, &problems_);
    if (problems_.has_errors()) return Status(StatusCode::kInvalidArgument, problems_.ToString());
    return factory.create.traces({"store", metrics_, memory_, &extensions_}, config);
  }
  void Consume(pipeline::Exporter<span::SpanBatch>& exporter, span::SpanBatch batch) {
    exporter.Consume(std::move(batch),
                     [this](Status status) { outcomes_.push_back(std::move(status)); });
  }
  static span::SpanBatch BatchOf(std::string tenant) {
    span::SpanBatch batch = wire::MakeTestBatch("shop", 1, 3);
    batch.set_origin(
        std::make_shared<const signal::Origin>(signal::Origin{std::move(tenant), "", {}, ""}));
    return batch;
  }
  uint64_t CounterValue(std::string_view name) {
    return metrics_.AddCounter(name, {{"exporter", "store"}}).value();
  }

  base::MetricRegistry metrics_;
  base::ByteBudget memory_{1 << 20};
  pipeline::Extensions extensions_;
  config::Problems problems_;
  std::string decoded_;  // the directory
  std::shared_ptr<FakeStore> store_ = std::make_shared<FakeStore>();
  base::Result<std::shared_ptr<TraceStore>> opened_ = std::shared_ptr<TraceStore>(store_);
  std::vector<Status> outcomes_;
};

TEST_F(StoreExporterTest, AnswersWithWhatTheStoreSays) {
  const auto exporter = Make();
  ASSERT_TRUE(exporter.ok());
  EXPECT_EQ(decoded_, "/data");
  Consume(**exporter, wire::MakeTestBatch("shop", 1, 5));
  store_->answer = Status::Unavailable("disk is full", std::chrono::seconds(1));
  Consume(**exporter, wire::MakeTestBatch("shop", 6, 2));
  ASSERT_EQ(outcomes_.size(), 2u);
  EXPECT_TRUE(outcomes_[0].ok());
  EXPECT_EQ(outcomes_[1].message(), "disk is full");
  EXPECT_TRUE(outcomes_[1].retry_after().has_value());
  EXPECT_EQ(store_->spans, 7u);
  EXPECT_EQ(CounterValue("otelcol_exporter_sent_spans"), 5u);
  EXPECT_EQ(CounterValue("otelcol_exporter_send_failed_spans"), 2u);
}

TEST_F(StoreExporterTest, AStoreThatDoesNotOpenStopsTheStart) {
  opened_ = Status(StatusCode::kFailedPrecondition, "/data: held by another process");
  const auto exporter = Make();
  ASSERT_FALSE(exporter.ok());
  EXPECT_EQ(exporter.status().message(), "store: /data: held by another process");
}

TEST_F(StoreExporterTest, WritesToTheStoreOfAnExtension) {
  extensions_.Add("store/main", std::make_shared<FakeExtension>(store_));
  opened_ = Status(StatusCode::kInternal, "not asked for");
  const auto exporter = Make("store: store/main");
  ASSERT_TRUE(exporter.ok()) << exporter.status().message();
  Consume(**exporter, wire::MakeTestBatch("shop", 1, 5));
  EXPECT_EQ(store_->spans, 5u);
  EXPECT_EQ(Make("store: store/other").status().message(),
            "store: test.yaml:1:8: store: extension 'store/other' does not run");
}

TEST_F(StoreExporterTest, NamesTheExtensionThatItUses) {
  auto document = config::ParseYaml("store: store/main", "test.yaml", &problems_);
  config::Decoder decoder(document->root, &problems_, "exporters::store");
  const auto uses = DecodeStoreExporterConfig(decoder, {})->extension_uses();
  ASSERT_EQ(uses.size(), 1u);
  EXPECT_EQ(uses[0].id, "store/main");
  EXPECT_EQ(uses[0].interface_name, "trace store");
  EXPECT_EQ(uses[0].where.ToString(), "test.yaml:1:8");
  EXPECT_EQ(uses[0].path, "exporters::store::store");
}

TEST_F(StoreExporterTest, OptionsOfAStoreBelongToTheExtensionThatIsNamed) {
  EXPECT_EQ(Make("{store: main, retention: {max_age: 1h}}").status().message(),
            "test.yaml:1:26: retention: 'retention' belongs to the extension 'main', which is the "
            "store\n");
}

TEST_F(StoreExporterTest, AStoreOfTenantsNeedsTheName) {
  store_->is_by_tenant = true;
  const auto exporter = Make();
  ASSERT_TRUE(exporter.ok());
  Consume(**exporter, BatchOf("team-a"));
  EXPECT_EQ(store_->tenant, "team-a");
  Consume(**exporter, BatchOf(""));
  Consume(**exporter, wire::MakeTestBatch("shop", 6, 2));
  ASSERT_EQ(outcomes_.size(), 3u);
  EXPECT_TRUE(outcomes_[0].ok());
  EXPECT_EQ(outcomes_[1].code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(outcomes_[2].code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(store_->spans, 3u);
  EXPECT_EQ(CounterValue("spandrel_exporter_untenanted_spans_total"), 5u);
  EXPECT_EQ(CounterValue("otelcol_exporter_send_failed_spans"), 5u);
}

}  // namespace
}  // namespace spandrel::exporters
