// SPDX-License-Identifier: Apache-2.0
#include "conformance/reference_store.h"

#include "conformance/storage_suite.h"

namespace spandrel::conformance {
namespace {

// The reference holds everything in memory, so it has one state only.
class ReferenceUnderTest final : public StoreUnderTest {
 public:
  storage::Writer& writer() override { return store_; }
  storage::Reader& reader() override { return store_; }
  void Settle() override {}
  void Reopen() override {}

 private:
  ReferenceStore store_;
};

const int kRegistered =
    RegisterStorageSuite("Reference", [] { return std::make_unique<ReferenceUnderTest>(); });

}  // namespace
}  // namespace spandrel::conformance
