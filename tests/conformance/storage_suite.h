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
  // What it is held to.
  virtual storage::Capabilities promised() { return reader().capabilities(); }
  // Brings what was appended into the state that old data has (sealed, compacted, merged).
  virtual void Settle() = 0;
  // Closes the store and opens it again on the same data.
  virtual void Reopen() = 0;
};

using StoreFactory = std::function<std::unique_ptr<StoreUnderTest>()>;

// Registers every test of the storage contract for one engine, which is held to what it promises,
// as GoogleTest tests named `<engine>StorageSuite.<test>`. Call once, before RUN_ALL_TESTS: `const
// int registered = RegisterStorageSuite(...)`.
int RegisterStorageSuite(const std::string& engine, StoreFactory factory);

}  // namespace spandrel::conformance
