// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "storage/aggregate.h"
#include "storage/query_context.h"

namespace spandrel::columnar {

// One measured thing: a span or a trace.
struct Measurement {
  uint64_t start = 0;
  uint64_t duration = 0;
  bool error = false;
  uint64_t weight = 1;  // how many it stands for
};

// The groups and time buckets of an aggregation that is being counted. One thread.
class SpanGroups {
 public:
  // Both outlive it.
  SpanGroups(const storage::QueryContext& context, const storage::AggregateRequest& request)
      : request_(request), memory_(context) {}

  // RESOURCE_EXHAUSTED once the query had no memory for a group or bucket; then give it up.
  const base::Status& status() const { return status_; }

  // The number of a group, which is made when it is new.
  uint32_t IdOf(const std::vector<std::string>& group);

  void Add(uint32_t group, const Measurement& measurement);

  // Where what starts then is counted. Valid until groups are merged.
  storage::AggregateBucket& BucketAt(uint32_t group, uint64_t start);
  uint64_t BucketStart(uint64_t start) const;

  void Merge(SpanGroups&& other);

  storage::AggregateResult Finish() &&;

 private:
  struct Group {
    std::unordered_map<uint64_t, storage::AggregateBucket> buckets;  // by start
    storage::AggregateBucket* last = nullptr;
  };

  void Reserve(size_t bytes) {
    if (status_.ok()) status_ = memory_.Grow(bytes);
  }

  const storage::AggregateRequest& request_;
  storage::QueryMemory memory_;
  base::Status status_;
  std::map<std::vector<std::string>, uint32_t> ids_;
  std::vector<Group> groups_;  // by id
};

}  // namespace spandrel::columnar
