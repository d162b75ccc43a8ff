// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "promql/ast.h"

// What PromQL computes with: series of numbers or of histograms, each with a value at some of the
// points in time that a query is asked for.
namespace spandrel::query {

// The points in time of a query.
struct Instants {
  uint64_t first_unix_nano = 0;
  uint64_t step_nano = 1;
  size_t count = 1;

  uint64_t At(size_t i) const { return first_unix_nano + i * step_nano; }
  uint64_t last() const { return At(count - 1); }
};
inline constexpr size_t kMaxInstants = 11'000;  // as Prometheus

// By name, each name once, none with an empty value.
using PromLabels = std::vector<std::pair<std::string, std::string>>;
// Empty when it is not there.
std::string_view LabelOf(const PromLabels& labels, std::string_view name);
// Those that the choice keeps.
PromLabels Chosen(const PromLabels& labels, const promql::LabelChoice& choice);
PromLabels Without(const PromLabels& labels, std::string_view name);
// Puts it in its place; the name is new.
void AddLabel(std::string_view name, std::string value, PromLabels* labels);

// No value at a point. Not-a-number is one.
inline double Absent() {
  return std::bit_cast<double>(uint64_t{0x7FF8'0000'0000'0ABC});
}
inline bool IsAbsent(double value) {
  return std::bit_cast<uint64_t>(value) == uint64_t{0x7FF8'0000'0000'0ABC};
}

// A native histogram of durations in seconds, in the buckets of storage::LatencyHistogram: bucket i
// holds (2^(i/32), 2^((i+1)/32)] nanoseconds. What is read of it is off by at most 1.1 %.
struct PromHistogram {
  double count = 0;
  double sum = 0;
  double zeros = 0;
  std::vector<std::pair<int32_t, double>> buckets;  // by index

  void Add(const PromHistogram& other);
  void Scale(double factor);
  // As Prometheus reads one: by exponential interpolation within a bucket.
  double Quantile(double share) const;
};
// The lower and upper bound of a bucket, in seconds.
std::pair<double, double> BoundsOfBucket(int32_t bucket);

struct PromSeries {
  PromLabels labels;
  std::vector<double> values;                  // by point; of a histogram its count
  std::vector<PromHistogram> histograms = {};  // by point; empty in a series of numbers

  bool is_histogram() const { return !histograms.empty(); }
};

using PromVector = std::vector<PromSeries>;
using PromScalar = std::vector<double>;  // by point
using PromValue = std::variant<PromScalar, PromVector, std::string>;

// The series that have a value at some point.
void DropEmpty(PromVector* series);
void SortByLabels(PromVector* series);

}  // namespace spandrel::query
