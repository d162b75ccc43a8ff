// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "columnar/engine.h"

namespace spandrel::store_tool {

// What is stored of a tenant.
struct TenantFacts {
  std::string name;  // empty: the default tenant
  uint64_t spans = 0;
  uint64_t log_spans = 0;  // of them, those not in parts yet
  uint64_t traces = 0;
  uint64_t counted_spans = 0;  // what the spans stand for, those that retention dropped included
  std::vector<std::string> services;
  std::vector<columnar::PartInfo> parts;

  uint64_t part_bytes() const;
};

// What `stat` prints.
struct StoreFacts {
  std::string directory;
  std::vector<TenantFacts> tenants;  // those that have something, by name
  TenantFacts all;                   // together
  uint64_t log_bytes = 0;
  uint64_t quarantined_files = 0;

  // Whether there is more than the default tenant.
  bool has_named_tenants() const;
  double bytes_per_span() const;
  // What retention by policy dropped from the parts that are there.
  columnar::PartInfo dropped_by_policy() const;
};

base::Result<StoreFacts> CollectFacts(columnar::Engine& store);
// Files that were set aside as damaged, of all tenants. While one lies there, answers say that they
// may lack what was in it.
uint64_t QuarantinedFiles(const columnar::Engine& store);

}  // namespace spandrel::store_tool
