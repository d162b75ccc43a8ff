// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "config/decode.h"
#include "storage/store.h"

namespace spandrel::exporters {

// A trace store that is open, shared by those who write to it and those who read. Any thread.
class TraceStore {
 public:
  virtual ~TraceStore() = default;

  virtual storage::Store& store() = 0;
  // Whether it keeps tenants apart, and so needs to know whose each batch and question is.
  virtual bool by_tenant() const = 0;
  // Where it keeps its files.
  virtual const std::string& directory() const = 0;
};

// What an extension is that has one open, for as long as the extension or its store is held.
class TraceStoreExtension {
 public:
  static constexpr std::string_view kInterfaceName = "trace store";

  virtual ~TraceStoreExtension() = default;
  virtual std::shared_ptr<TraceStore> trace_store() const = 0;
};

// Opens a store, with options that were decoded before. May be called again.
using OpenStore = std::function<base::Result<std::shared_ptr<TraceStore>>()>;
// Reads the options of a store out of the block of whoever has one of its own.
using DecodeStore = std::function<OpenStore(config::Decoder& decoder)>;

}  // namespace spandrel::exporters
