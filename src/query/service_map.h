// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "storage/store.h"

namespace spandrel::query {

inline constexpr size_t kMaxMapServices = 1000;

struct MapService {
  std::string name;
  uint64_t span_count = 0;
  uint64_t error_count = 0;
  uint64_t p95_nano = 0;
};

// Services and the calls between them, in one range of time.
struct ServiceMap {
  std::vector<MapService> services;  // by name; the kMaxMapServices with the most spans
  std::vector<storage::Dependency> calls;
};

base::Result<ServiceMap> LoadServiceMap(const storage::QueryContext& context,
                                        storage::Reader& reader, storage::TimeRange range);

}  // namespace spandrel::query
