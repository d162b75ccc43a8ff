// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/metrics.h"
#include "base/mutex.h"
#include "base/status.h"
#include "columnar/engine.h"

namespace spandrel::server {

struct OpenStore {
  std::string directory;
  std::shared_ptr<columnar::Engine> engine;
};

// The stores of this process by directory: an exporter that writes and the query server that reads
// share one engine. Thread-safe.
class Stores {
 public:
  explicit Stores(base::MetricRegistry& metrics) : metrics_(metrics) {}

  // Opens the store, making the directory if only that is missing, or gives the one that is open;
  // the first to open decides how durable it is and what it keeps. The message of a failure names
  // the directory.
  base::Result<OpenStore> Open(columnar::EngineOptions options);
  // The only store there is; FAILED_PRECONDITION when there is none or more than one.
  base::Result<OpenStore> Only() const;

  // Closes all, after the last writer and reader have stopped.
  void Close();

 private:
  base::MetricRegistry& metrics_;
  mutable base::Mutex mutex_;
  std::map<std::string, OpenStore> stores_ SPANDREL_GUARDED_BY(mutex_);
};

}  // namespace spandrel::server
