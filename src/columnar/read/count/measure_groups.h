// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "base/status.h"
#include "storage/measure.h"
#include "storage/query_context.h"

namespace spandrel::columnar {

// Not ISO C++, but both compilers have it.
__extension__ typedef __int128 WideInteger;

// Ints are added up apart, so that nothing of them is lost.
struct RunningMeasure {
  storage::Measured measured;
  WideInteger whole = 0;
};

// Adds `weight` numbers to what is measured.
void AddNumber(storage::MeasureKind kind, const storage::Number& number, uint64_t weight,
               RunningMeasure* to);

// The groups and time buckets of a Measure that is being counted. One thread.
class MeasureGroups {
 public:
  struct Bucket {
    uint64_t spans = 0;
    std::vector<RunningMeasure> measures;  // in the order of the request
    std::vector<storage::Exemplar> exemplars;
  };

  // Both outlive it.
  MeasureGroups(const storage::QueryContext& context, const storage::MeasureRequest& request)
      : request_(request), memory_(context) {}

  // The number of a group, which is made when it is new; without a span it is none of the result.
  // RESOURCE_EXHAUSTED, as of the functions below, when the query has no memory for it.
  base::Result<uint32_t> IdOf(std::vector<storage::OptionalValue> group);

  // Where what starts then is counted, as `spans` more. Valid until Finish.
  base::Result<Bucket*> AddSpans(uint32_t group, uint64_t start, uint64_t spans);
  // Where the bucket of a start begins.
  uint64_t BucketStart(uint64_t start) const;

  // A number of a bucket's measure, by its place.
  base::Status Add(Bucket* bucket, size_t measure, const storage::Number& number, uint64_t weight);
  // Counts of zeros and of positive numbers, for a kHistogram; see ValueHistogram::AddRun.
  base::Status AddCounts(Bucket* bucket, size_t measure, uint64_t zeros, int32_t first,
                         std::span<const uint64_t> counts);

  bool WantsExemplar(const Bucket& bucket) const {
    return bucket.exemplars.size() < request_.exemplars;
  }
  base::Status AddExemplar(Bucket* bucket, const storage::Exemplar& exemplar);

  storage::MeasureResult Finish() &&;

 private:
  struct Group {
    uint64_t spans = 0;
    std::map<uint64_t, Bucket> buckets;  // by start
  };

  base::Status Grow(size_t bytes) {
    bytes_ += bytes;
    return memory_.GrowTo(bytes_);
  }

  const storage::MeasureRequest& request_;
  std::map<std::vector<storage::OptionalValue>, uint32_t, storage::ValueLess> ids_;
  std::vector<Group> groups_;  // by id
  size_t bytes_ = 0;           // of all, about
  storage::QueryMemory memory_;
};

}  // namespace spandrel::columnar
