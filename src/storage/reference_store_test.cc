// SPDX-License-Identifier: Apache-2.0
#include "conformance/reference_store.h"

#include <gtest/gtest.h>

#include "conformance/storage_suite.h"
#include "conformance/test_spans.h"

namespace spandrel::conformance {
namespace {

// The reference holds everything in memory, so it has one state only.
class ReferenceUnderTest final : public StoreUnderTest {
 public:
  explicit ReferenceUnderTest(storage::Capabilities can = {}) : store_(can) {}
  storage::Writer& writer() override { return store_; }
  storage::Reader& reader() override { return store_; }
  void Settle() override {}
  void Reopen() override {}

 private:
  ReferenceStore store_;
};

const int kRegistered =
    RegisterStorageSuite("Reference", [] { return std::make_unique<ReferenceUnderTest>(); });

// Engines that promise less are held to that, test by test.
const int kRegisteredTexts = RegisterStorageSuite("ReferenceOfTexts", [] {
  return std::make_unique<ReferenceUnderTest>(
      storage::Capabilities{.exact_bytes = false, .typed_values = false});
});
const int kRegisteredFields = RegisterStorageSuite("ReferenceOfFields", [] {
  return std::make_unique<ReferenceUnderTest>(storage::Capabilities{.exact_bytes = false});
});
const int kRegisteredResent = RegisterStorageSuite("ReferenceOfResent", [] {
  return std::make_unique<ReferenceUnderTest>(storage::Capabilities{.deduplicates = false});
});

// The reference as an engine without options.
base::Result<storage::StoreOpener> DecodeReference(const std::string& section) {
  if (!section.empty()) return base::Status(base::StatusCode::kInvalidArgument, section);
  return storage::StoreOpener([](const storage::StoreResources&) {
    return base::Result<std::unique_ptr<storage::Store>>(std::make_unique<ReferenceStore>());
  });
}

TEST(EngineFactoryTest, OpensWhatItDecoded) {
  const storage::EngineFactory<std::string> factory = {{"reference", "In memory."},
                                                       DecodeReference};
  EXPECT_FALSE(factory.decode("max_spans: 5").ok());
  const auto open = factory.decode("");
  ASSERT_TRUE(open.ok());
  base::MetricRegistry metrics;
  const auto store = (*open)(metrics);
  ASSERT_TRUE(store.ok());
  base::Status stored(base::StatusCode::kUnknown, "not answered");
  const auto done = [&stored](base::Status status) { stored = std::move(status); };
  (*store)->writer().Append(MakeBatch({{.trace = 1}}), done);
  EXPECT_TRUE(stored.ok());
  EXPECT_EQ((*store)->Stats().spans, 1U);
  (*store)->Close();
  (*store)->writer().Append(MakeBatch({{.trace = 2}}), done);
  EXPECT_EQ(stored.code(), base::StatusCode::kUnavailable);
  EXPECT_TRUE((*store)->reader().GetTrace({}, TraceIdOf(1)).ok());
}

}  // namespace
}  // namespace spandrel::conformance
