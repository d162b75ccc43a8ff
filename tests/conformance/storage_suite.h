// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "storage/store.h"

namespace spandrel::conformance {

// One empty store, gone when it is destroyed.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual storage::Writer& writer() = 0;
  virtual storage::Reader& reader() = 0;
  // Brings what was appended into the state that old data has (sealed, compacted, merged).
  virtual void Settle() = 0;
  // Closes the store and opens it again on the same data.
  virtual void Reopen() = 0;
};

using StoreFactory = std::function<std::unique_ptr<StoreUnderTest>()>;

// Registers every test of the storage contract for one engine, which is held to what its reader's
// Capabilities promise, as GoogleTest tests named
// `<engine>.<test>`. Call once, before RUN_ALL_TESTS: `const int registered =
// RegisterStorageSuite(...)`.
int RegisterStorageSuite(const std::string& engine, StoreFactory factory);

}  // namespace spandrel::conformance
