// SPDX-License-Identifier: Apache-2.0
// What a server answers: the first byte says to which question. Whatever it is, nothing that is
// printed of it gives the terminal an order.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "cli/rows_json.h"
#include "cli/series_text.h"
#include "cli/tempo_answers.h"
#include "cli/visible_text.h"

namespace spandrel::cli {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;

void CheckHarmless(std::string_view text) {
  const bool has_order = std::any_of(text.begin(), text.end(), [](char c) {
    return (static_cast<uint8_t>(c) < 0x20 && c != '\n') || c == 0x7f;
  });
  SPANDREL_CHECK(!has_order);
  for (size_t i = 1; i < text.size(); ++i) {
    const auto second = static_cast<uint8_t>(text[i]);
    SPANDREL_CHECK(text[i - 1] != '\xc2' || second < 0x80 || second > 0x9f);
  }
}

void CheckLine(std::string_view text, size_t width) {
  const std::string visible = VisibleText(text);
  CheckHarmless(visible);
  SPANDREL_CHECK(visible.find('\n') == std::string::npos);
  SPANDREL_CHECK(DisplayWidth(FitTo(visible, width)) <= width);
}

void CheckSearch(std::string_view json) {
  const auto answer = ParseSearchAnswer(json);
  if (!answer.ok()) return CheckLine(answer.status().message(), 80);
  for (const TraceRow& trace : answer->traces) {
    CheckHarmless(VisibleJson(TraceJson(trace)));
    CheckLine(trace.root_name, trace.root_name.size() % 40);
    for (const SpanRow& span : trace.shown) {
      CheckHarmless(VisibleJson(MatchJson(trace, span)));
      CheckLine(ServiceOf(span), 16);
    }
  }
}

void CheckSeries(std::string_view json) {
  const auto answer = ParseSeriesAnswer(json);
  if (!answer.ok()) return CheckLine(answer.status().message(), 80);
  const SeriesQuestion question{"", 0, 600 * kSecond, 10 * kSecond};
  CheckHarmless(SeriesTable(*answer, question, {.width = 80}));
  CheckHarmless(SeriesByTime(*answer, {}));
  for (const SeriesRow& series : answer->series) CheckHarmless(VisibleJson(SeriesJson(series)));
}

}  // namespace
}  // namespace spandrel::cli

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view json(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 0) {
    spandrel::cli::CheckSearch(json);
  } else {
    spandrel::cli::CheckSeries(json);
  }
  return 0;
}
