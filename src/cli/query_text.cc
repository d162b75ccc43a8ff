// SPDX-License-Identifier: Apache-2.0
#include "cli/query_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "base/time_text.h"
#include "cli/visible_text.h"
#include "traceql/ast.h"
#include "traceql/parse.h"
#include "traceql/print.h"

namespace spandrel::cli {
namespace {

using base::Result;
using base::Status;

constexpr size_t kMaxLineWidth = 200;

struct PlacedMessage {
  uint64_t line = 0;    // from 1 on
  uint64_t column = 0;  // in bytes, from 1 on
  std::string_view message;
};

// "1:7: expected a value".
std::optional<PlacedMessage> ReadPlace(std::string_view text) {
  const size_t first = text.find(':');
  const size_t second = first == std::string_view::npos ? first : text.find(':', first + 1);
  if (second == std::string_view::npos || text.substr(second + 1, 1) != " ") return std::nullopt;
  const auto line = base::ParseUnsigned(text.substr(0, first));
  const auto column = base::ParseUnsigned(text.substr(first + 1, second - first - 1));
  if (!line || !column || *line == 0 || *column == 0) return std::nullopt;
  return PlacedMessage{*line, *column, text.substr(second + 2)};
}

std::string_view LineOf(std::string_view text, uint64_t number) {
  for (; number > 1; --number) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

// The line, and the mark under it. Of a long line what is around the mark.
std::string MarkedLine(std::string_view line, uint64_t column, const Look& look) {
  const size_t at = std::min<size_t>(column - 1, line.size());
  const size_t begin = at > kMaxLineWidth / 2 ? at - kMaxLineWidth / 2 : 0;
  const std::string before = VisibleText(line.substr(begin, at - begin));
  const std::string after = VisibleText(line.substr(at, kMaxLineWidth / 2));
  return fmt::format("\n  {}{}\n  {}{}", before, after, std::string(DisplayWidth(before), ' '),
                     look.Paint("^", Ink::kRed));
}

void SelectNames(traceql::Pipeline* pipeline) {
  traceql::Select select;
  select.fields = {traceql::Intrinsic::kName,
                   traceql::Attribute{traceql::Scope::kResource, false, "service.name"},
                   traceql::Intrinsic::kStatus};
  pipeline->stages.push_back({std::move(select)});
}

}  // namespace

Result<ReadQuery> ReadQueryText(std::string_view text, bool with_names) {
  auto query = traceql::Parse(text);
  if (!query.ok()) return query.status();
  auto* const pipeline = std::get_if<traceql::Pipeline>(&query->what);
  if (pipeline == nullptr) return ReadQuery{QueryKind::kSeries, std::string(text)};
  if (!with_names) return ReadQuery{QueryKind::kSpans, std::string(text)};
  SelectNames(pipeline);
  return ReadQuery{QueryKind::kSpans, traceql::ToText(*query)};
}

std::string ExplainQueryError(std::string_view query, const Status& status, const Look& look) {
  const auto placed = ReadPlace(status.message());
  if (!placed) return VisibleText(status.message());
  std::string text =
      VisibleText(placed->message) + MarkedLine(LineOf(query, placed->line), placed->column, look);
  if (query.find('{') == std::string_view::npos) {
    text += "\na condition on spans stands in braces, such as '{ status = error }'";
  }
  return text;
}

}  // namespace spandrel::cli
