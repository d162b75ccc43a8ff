// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "service.h"

namespace spandrel::demo {

// A Redis that exists only in its spans, and now and then does not answer in time. Thread-safe.
class Cache {
 public:
  explicit Cache(Tracer tracer) : tracer_(std::move(tracer)) {}

  // Plates of ten drivers.
  std::vector<std::string> FindDriverIds(const std::string& place);
  // The driver's place; nothing when the cache timed out.
  std::optional<std::string> GetDriver(const std::string& plate);

 private:
  Span StartSpan(const char* command, const std::string& key) const;

  const Tracer tracer_;
};

}  // namespace spandrel::demo
