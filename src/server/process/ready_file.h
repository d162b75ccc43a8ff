// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "net/socket/endpoint.h"

namespace spandrel::server {

// Where each thing listens, told by the components as they start: "otlp_grpc", "otlp_http", "http",
// "tempo", "jaeger_grpc", "storage_grpc". Thread-safe.
class Addresses {
 public:
  void Set(const std::string& name, const net::Endpoint& endpoint);
  // Empty when nothing of that name listens.
  std::string Get(const std::string& name) const;
  std::map<std::string, std::string> All() const;

  // What is said of them on the page, a sentence each.
  void SetWarnings(std::vector<std::string> warnings);
  std::vector<std::string> Warnings() const;

 private:
  mutable base::Mutex mutex_;
  std::map<std::string, std::string> addresses_ SPANDREL_GUARDED_BY(mutex_);
  std::vector<std::string> warnings_ SPANDREL_GUARDED_BY(mutex_);
};

// Writes `{"otlp_grpc": "127.0.0.1:4317", ..., "pid": 42}` so that a reader never sees half of it.
base::Status WriteReadyFile(const std::string& path, const Addresses& addresses);

}  // namespace spandrel::server
