// SPDX-License-Identifier: Apache-2.0
#include "query/promql/operators.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <utility>

namespace spandrel::query {
namespace {

using base::Result;
using base::Status;
using promql::Binary;
using promql::BinaryOp;

Status Ambiguous(std::string_view what) {
  return {base::StatusCode::kInvalidArgument, std::string(what)};
}

bool Compares(BinaryOp op, double left, double right) {
  switch (op) {
    case BinaryOp::kEqual:
      return left == right;
    case BinaryOp::kNotEqual:
      return left != right;
    case BinaryOp::kGreater:
      return left > right;
    case BinaryOp::kLess:
      return left < right;
    case BinaryOp::kGreaterOrEqual:
      return left >= right;
    default:
      return left <= right;
  }
}

double Computed(BinaryOp op, double left, double right) {
  switch (op) {
    case BinaryOp::kAdd:
      return left + right;
    case BinaryOp::kSubtract:
      return left - right;
    case BinaryOp::kMultiply:
      return left * right;
    case BinaryOp::kDivide:
      return left / right;
    case BinaryOp::kModulo:
      return std::fmod(left, right);
    case BinaryOp::kPower:
      return std::pow(left, right);
    default:
      return Compares(op, left, right) ? 1 : 0;
  }
}

// Of two numbers that are there. `kept` is what a comparison that filters lets through.
double PointOf(const Binary& binary, double left, double right, double kept) {
  if (!promql::IsComparison(binary.op) || binary.returns_bool) {
    return Computed(binary.op, left, right);
  }
  return Compares(binary.op, left, right) ? kept : Absent();
}

bool KeepsName(const Binary& binary) {
  return promql::IsSetOperator(binary.op) ||
         (promql::IsComparison(binary.op) && !binary.returns_bool);
}

// A histogram times or by a number.
void ScaleAll(const Binary& binary, const PromScalar& numbers, PromSeries* series) {
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (IsAbsent(series->values[i])) continue;
    series->histograms[i].Scale(binary.op == BinaryOp::kDivide ? 1 / numbers[i] : numbers[i]);
    series->values[i] = series->histograms[i].count;
  }
}

bool Scales(BinaryOp op, bool number_is_left) {
  return op == BinaryOp::kMultiply || (op == BinaryOp::kDivide && !number_is_left);
}

Result<PromValue> WithNumber(const Binary& binary, PromVector series, const PromScalar& numbers,
                             bool number_is_left) {
  for (PromSeries& one : series) {
    if (one.is_histogram()) {
      if (Scales(binary.op, number_is_left)) {
        ScaleAll(binary, numbers, &one);
      } else {
        std::fill(one.values.begin(), one.values.end(), Absent());
      }
      continue;
    }
    for (size_t i = 0; i < numbers.size(); ++i) {
      double& value = one.values[i];
      if (IsAbsent(value)) continue;
      value = number_is_left ? PointOf(binary, numbers[i], value, value)
                             : PointOf(binary, value, numbers[i], value);
    }
  }
  DropEmpty(&series);
  if (!KeepsName(binary)) SPANDREL_RETURN_IF_ERROR(DropNames(&series));
  return PromValue(std::move(series));
}

PromLabels MatchKey(const Binary& binary, const PromLabels& labels) {
  return Chosen(labels, binary.matched);
}

using ByKey = std::map<PromLabels, size_t>;

// The places of series by their matched labels, each once.
Result<ByKey> PlacesOf(const Binary& binary, const PromVector& series, std::string_view side) {
  ByKey places;
  for (size_t i = 0; i < series.size(); ++i) {
    if (places.try_emplace(MatchKey(binary, series[i].labels), i).second) continue;
    return Ambiguous(std::string("several series on the ") + std::string(side) +
                     " side have the same matched labels");
  }
  return places;
}

// One series with the one of the other side that belongs to it.
void CombinePair(const Binary& binary, const PromSeries& right, PromSeries* left) {
  const bool both = left->is_histogram() && right.is_histogram();
  const bool neither = !left->is_histogram() && !right.is_histogram();
  for (size_t i = 0; i < left->values.size(); ++i) {
    double& value = left->values[i];
    if (IsAbsent(value)) continue;
    const bool is_there = !IsAbsent(right.values[i]);
    if (neither && is_there) {
      value = PointOf(binary, value, right.values[i], value);
    } else if (both && is_there && binary.op == BinaryOp::kAdd) {
      left->histograms[i].Add(right.histograms[i]);
      value = left->histograms[i].count;
    } else {
      value = Absent();
    }
  }
}

Result<PromValue> OneToOne(const Binary& binary, PromVector left, const PromVector& right) {
  const auto of_right = PlacesOf(binary, right, "right");
  if (!of_right.ok()) return of_right.status();
  PromVector matched;
  for (PromSeries& one : left) {
    const auto found = of_right->find(MatchKey(binary, one.labels));
    if (found == of_right->end()) continue;
    CombinePair(binary, right[found->second], &one);
    if (binary.chooses) {
      one.labels = MatchKey(binary, one.labels);
    } else if (!KeepsName(binary)) {
      one.labels = Without(one.labels, promql::kNameLabel);
    }
    matched.push_back(std::move(one));
  }
  const auto of_left = PlacesOf({.matched = {false, {}}}, matched, "left");
  if (!of_left.ok()) return of_left.status();
  DropEmpty(&matched);
  return PromValue(std::move(matched));
}

// Where some series of a set of matched labels has a value, by point.
std::map<PromLabels, std::vector<uint8_t>> PresenceOf(const Binary& binary,
                                                      const PromVector& series) {
  std::map<PromLabels, std::vector<uint8_t>> presence;
  for (const PromSeries& one : series) {
    auto& present = presence[MatchKey(binary, one.labels)];
    present.resize(one.values.size());
    for (size_t i = 0; i < present.size(); ++i) present[i] |= IsAbsent(one.values[i]) ? 0 : 1;
  }
  return presence;
}

// Takes away the values where the other side has some, or where it has none.
void Mask(const Binary& binary, const PromVector& other, bool keep_where_present,
          PromVector* series) {
  const auto presence = PresenceOf(binary, other);
  for (PromSeries& one : *series) {
    const auto found = presence.find(MatchKey(binary, one.labels));
    for (size_t i = 0; i < one.values.size(); ++i) {
      const bool is_present = found != presence.end() && found->second[i] != 0;
      if (is_present != keep_where_present) one.values[i] = Absent();
    }
  }
  DropEmpty(series);
}

// Values of a series with the same labels, where this one has none.
void FillFrom(PromSeries* from, PromSeries* to) {
  if (from->is_histogram() && !to->is_histogram()) to->histograms.resize(to->values.size());
  for (size_t i = 0; i < to->values.size(); ++i) {
    if (!IsAbsent(to->values[i])) continue;
    to->values[i] = from->values[i];
    if (from->is_histogram()) to->histograms[i] = std::move(from->histograms[i]);
  }
}

PromValue Union(PromVector left, PromVector right) {
  std::map<PromLabels, size_t> places;
  for (size_t i = 0; i < left.size(); ++i) places.emplace(left[i].labels, i);
  for (PromSeries& one : right) {
    const auto found = places.find(one.labels);
    const bool is_same =
        found != places.end() && left[found->second].is_histogram() == one.is_histogram();
    if (is_same) {
      FillFrom(&one, &left[found->second]);
    } else {
      left.push_back(std::move(one));
    }
  }
  return left;
}

PromValue SetOf(const Binary& binary, PromVector left, PromVector right) {
  if (binary.op != BinaryOp::kOr) {
    Mask(binary, right, binary.op == BinaryOp::kAnd, &left);
    return left;
  }
  Mask(binary, left, /*keep_where_present=*/false, &right);
  return Union(std::move(left), std::move(right));
}

}  // namespace

Status DropNames(PromVector* series) {
  for (PromSeries& one : *series) one.labels = Without(one.labels, promql::kNameLabel);
  std::vector<std::reference_wrapper<const PromLabels>> labels;
  for (const PromSeries& one : *series) labels.emplace_back(one.labels);
  std::sort(labels.begin(), labels.end(),
            [](const auto& a, const auto& b) { return a.get() < b.get(); });
  const auto same =
      std::adjacent_find(labels.begin(), labels.end(),
                         [](const auto& a, const auto& b) { return a.get() == b.get(); });
  if (same == labels.end()) return {};
  return Ambiguous("several metrics have series with the same labels; name one of them");
}

Result<PromValue> Negated(PromValue value) {
  if (auto* const numbers = std::get_if<PromScalar>(&value)) {
    for (double& number : *numbers) number = -number;
    return value;
  }
  auto& series = std::get<PromVector>(value);
  for (PromSeries& one : series) {
    for (size_t i = 0; i < one.values.size(); ++i) {
      if (IsAbsent(one.values[i])) continue;
      if (one.is_histogram()) one.histograms[i].Scale(-1);
      one.values[i] = -one.values[i];
    }
  }
  SPANDREL_RETURN_IF_ERROR(DropNames(&series));
  return value;
}

Result<PromValue> Combined(const Binary& binary, PromValue left, PromValue right) {
  auto* const left_numbers = std::get_if<PromScalar>(&left);
  auto* const right_numbers = std::get_if<PromScalar>(&right);
  if (left_numbers != nullptr && right_numbers != nullptr) {
    for (size_t i = 0; i < left_numbers->size(); ++i) {
      (*left_numbers)[i] = Computed(binary.op, (*left_numbers)[i], (*right_numbers)[i]);
    }
    return left;
  }
  if (left_numbers != nullptr) {
    return WithNumber(binary, std::get<PromVector>(std::move(right)), *left_numbers, true);
  }
  auto& series = std::get<PromVector>(left);
  if (right_numbers != nullptr) {
    return WithNumber(binary, std::move(series), *right_numbers, false);
  }
  auto& others = std::get<PromVector>(right);
  if (promql::IsSetOperator(binary.op)) return SetOf(binary, std::move(series), std::move(others));
  return OneToOne(binary, std::move(series), others);
}

}  // namespace spandrel::query
