// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "cli/look.h"
#include "cli/source.h"

namespace spandrel::cli {

// The points of a series between two times as `width` characters whose height is the largest value
// in their time, from 0, or the smallest value where that is below, to the largest. Blank where
// there is none.
std::string Sparkline(const std::vector<std::pair<uint64_t, double>>& points, uint64_t from,
                      uint64_t to, size_t width, const Look& look);

// Four digits: "12.5", "1.235e+07".
std::string NumberText(double value);

// A row a series: labels, last, least, most, and how it went.
std::string SeriesTable(const SeriesAnswer& answer, const SeriesQuestion& question,
                        const Look& look);
// A row a point: time, labels, value; by time.
std::string SeriesByTime(const SeriesAnswer& answer, const Look& look);

}  // namespace spandrel::cli
