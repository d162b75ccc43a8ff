// SPDX-License-Identifier: Apache-2.0
#include "cli/series_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>

#include "cli/table.h"
#include "cli/visible_text.h"
#include "cli/when.h"

namespace spandrel::cli {
namespace {

constexpr size_t kSparkWidth = 30;
constexpr std::array<std::string_view, 8> kBlocks = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::array<std::string_view, 8> kAscii = {"_", "_", ".", ".", "-", "-", "=", "#"};

struct Extent {
  double least = 0;
  double most = 0;
};

Extent ExtentOf(const std::vector<std::pair<uint64_t, double>>& points) {
  Extent extent{points[0].second, points[0].second};
  for (const auto& [time, value] : points) {
    extent.least = std::min(extent.least, value);
    extent.most = std::max(extent.most, value);
  }
  return extent;
}

size_t LevelOf(double value, const Extent& extent) {
  const double floor = std::min(0.0, extent.least);
  const double height = extent.most - floor;
  if (!(height > 0) || !std::isfinite(height)) return 0;
  const double level = (value - floor) / height * 7;
  return static_cast<size_t>(std::clamp(std::round(level), 0.0, 7.0));
}

// The names of all labels, in the order in which they come.
std::vector<std::string> LabelNames(const SeriesAnswer& answer) {
  std::vector<std::string> names;
  std::set<std::string> known;
  for (const SeriesRow& series : answer.series) {
    for (const auto& label : series.labels) {
      if (known.insert(label.first).second) names.push_back(label.first);
    }
  }
  return names;
}

std::string LabelOf(const SeriesRow& series, const std::string& name) {
  for (const auto& [key, value] : series.labels) {
    if (key == name) return VisibleText(value);
  }
  return {};
}

// `__name__` says nothing to a person.
std::string TitleOf(const std::string& label) {
  return label == "__name__" ? "SERIES" : VisibleText(label);
}

// Times of the day, or days, by what there is to tell apart.
std::string TimeTitle(const SeriesQuestion& question) {
  constexpr uint64_t kDay = 86'400'000'000'000;
  const bool is_long = question.to_unix_nano - question.from_unix_nano > kDay;
  const auto text = [is_long](uint64_t time) {
    return is_long ? WhenText(time).substr(0, 16)
                   : WhenText(time, /*with_date=*/false).substr(0, 8);
  };
  return "FROM " + text(question.from_unix_nano) + " TO " + text(question.to_unix_nano);
}

std::vector<Column> LabelColumns(const std::vector<std::string>& names) {
  std::vector<Column> columns(names.size());
  std::transform(names.begin(), names.end(), columns.begin(), [](const std::string& name) {
    return Column{.title = TitleOf(name), .shrinks = true};
  });
  return columns;
}

std::vector<Cell> LabelCells(const SeriesRow& series, const std::vector<std::string>& names) {
  std::vector<Cell> cells(names.size());
  std::transform(names.begin(), names.end(), cells.begin(), [&series](const std::string& name) {
    return Cell{LabelOf(series, name), Ink::kBold};
  });
  return cells;
}

}  // namespace

std::string NumberText(double value) {
  if (std::abs(value) >= 1000 && std::abs(value) < 1e7) return fmt::format("{:.0f}", value);
  return fmt::format("{:.4g}", value);
}

std::string Sparkline(const std::vector<std::pair<uint64_t, double>>& points, uint64_t from,
                      uint64_t to, size_t width, const Look& look) {
  if (points.empty() || width == 0) return {};
  const Extent extent = ExtentOf(points);
  std::vector<std::optional<double>> cells(width);
  const double whole = static_cast<double>(std::max<uint64_t>(1, to - from + 1));
  for (const auto& [time, value] : points) {
    if (time < from || time > to) continue;
    const double share = static_cast<double>(time - from) / whole;
    auto& cell =
        cells[std::min(width - 1, static_cast<size_t>(share * static_cast<double>(width)))];
    cell = std::max(cell.value_or(value), value);
  }
  std::string line;
  for (const auto& cell : cells) {
    line += cell ? (look.unicode ? kBlocks : kAscii)[LevelOf(*cell, extent)] : " ";
  }
  return line;
}

std::string SeriesTable(const SeriesAnswer& answer, const SeriesQuestion& question,
                        const Look& look) {
  const std::vector<std::string> names = LabelNames(answer);
  std::vector<Column> columns = LabelColumns(names);
  for (const char* title : {"LAST", "MIN", "MAX"}) {
    columns.push_back({.title = title, .right = true});
  }
  columns.push_back({.title = TimeTitle(question)});
  Table table(std::move(columns));
  const uint64_t steps = (question.to_unix_nano - question.from_unix_nano) / question.step_nano + 1;
  for (const SeriesRow& series : answer.series) {
    if (series.points.empty()) continue;
    std::vector<Cell> cells = LabelCells(series, names);
    const Extent extent = ExtentOf(series.points);
    cells.push_back({NumberText(series.points.back().second)});
    cells.push_back({NumberText(extent.least)});
    cells.push_back({NumberText(extent.most)});
    cells.push_back({Sparkline(series.points, question.from_unix_nano, question.to_unix_nano,
                               std::min<size_t>(kSparkWidth, steps), look),
                     Ink::kCyan});
    table.Add(std::move(cells));
  }
  return table.ToText(look);
}

std::string SeriesByTime(const SeriesAnswer& answer, const Look& look) {
  const std::vector<std::string> names = LabelNames(answer);
  std::vector<Column> columns = LabelColumns(names);
  columns.insert(columns.begin(), Column{.title = "TIME"});
  columns.push_back({.title = "VALUE", .right = true});
  std::vector<std::pair<uint64_t, std::pair<size_t, double>>> points;
  for (size_t i = 0; i < answer.series.size(); ++i) {
    for (const auto& [time, value] : answer.series[i].points) points.push_back({time, {i, value}});
  }
  std::sort(points.begin(), points.end());
  Table table(std::move(columns));
  for (const auto& [time, point] : points) {
    std::vector<Cell> cells = LabelCells(answer.series[point.first], names);
    cells.insert(cells.begin(), Cell{WhenText(time)});
    cells.push_back({NumberText(point.second)});
    table.Add(std::move(cells));
  }
  return table.ToText(look);
}

}  // namespace spandrel::cli
