// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "cli/visible_text.h"

namespace spandrel::cli {
namespace {

constexpr size_t kGap = 2;
constexpr size_t kLeastWidth = 8;
// Of columns that may shrink, where lines may be of any length: one sender's long name is not to
// make every line as long.
constexpr size_t kMostWidth = 120;

}  // namespace

std::vector<size_t> Table::Widths(const Look& look) const {
  std::vector<size_t> widths;
  for (const Column& column : columns_) widths.push_back(DisplayWidth(column.title));
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) {
      const size_t most = columns_[i].shrinks ? kMostWidth : SIZE_MAX;
      widths[i] = std::max(widths[i], std::min(most, DisplayWidth(row[i].text)));
    }
  }
  if (look.width == 0) return widths;
  size_t total = std::accumulate(widths.begin(), widths.end(), kGap * (widths.size() - 1));
  while (total > look.width) {
    size_t widest = widths.size();
    for (size_t i = 0; i < widths.size(); ++i) {
      if (!columns_[i].shrinks || widths[i] <= kLeastWidth) continue;
      if (widest == widths.size() || widths[i] > widths[widest]) widest = i;
    }
    if (widest == widths.size()) break;
    --widths[widest];
    --total;
  }
  return widths;
}

void Table::AppendRow(const std::vector<Cell>& row, const std::vector<size_t>& widths,
                      const Look& look, std::string* text) const {
  std::string line;
  size_t owed = 0;  // blanks before the next text
  for (size_t i = 0; i < row.size(); ++i) {
    const std::string fitted = FitTo(row[i].text, widths[i], look.ellipsis());
    const size_t blanks = widths[i] - std::min(widths[i], DisplayWidth(fitted));
    if (columns_[i].right) owed += blanks;
    if (!fitted.empty()) {
      line += std::string(owed, ' ') + look.Paint(fitted, row[i].ink);
      owed = 0;
    }
    if (!columns_[i].right) owed += blanks;
    owed += kGap;
  }
  *text += line + "\n";
}

std::string Table::ToText(const Look& look) const {
  const std::vector<size_t> widths = Widths(look);
  std::vector<Cell> titles;
  for (const Column& column : columns_) titles.push_back({column.title, Ink::kDim});
  std::string text;
  AppendRow(titles, widths, look, &text);
  for (const auto& row : rows_) AppendRow(row, widths, look, &text);
  return text;
}

}  // namespace spandrel::cli
