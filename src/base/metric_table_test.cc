// SPDX-License-Identifier: Apache-2.0
#include "base/metric_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace spandrel::base {
namespace {

using testing::HasSubstr;

TEST(MetricTable, FindsEachRowAndNothingElse) {
  for (const MetricEntry& entry : MetricTable()) {
    EXPECT_EQ(FindMetric(MetricTable(), entry.name), &entry);
  }
  for (const char* name : {"", "a", "otelcol", "spandrel_store", "zzz"}) {
    EXPECT_EQ(FindMetric(MetricTable(), name), nullptr) << name;
  }
}

TEST(MetricTable, NamesSayWhoseTheyAreAndHelpIsASentence) {
  for (const MetricEntry& entry : MetricTable()) {
    const bool is_ours = entry.name.starts_with("spandrel_");
    EXPECT_TRUE(is_ours || entry.name.starts_with("otelcol_")) << entry.name;
    if (is_ours) {
      EXPECT_EQ(entry.name.ends_with("_total"), entry.kind == MetricKind::kCounter) << entry.name;
    }
    EXPECT_TRUE(entry.help.ends_with('.')) << entry.name;
    EXPECT_EQ(entry.help.find_first_of("|\\\n"), std::string_view::npos) << entry.name;
    EXPECT_EQ(entry.labels.find(' '), std::string_view::npos) << entry.name;
  }
}

TEST(MetricTable, PageHasARowForEach) {
  constexpr MetricEntry kTable[] = {
      {"a_total", MetricKind::kCounter, MetricSeverity::kLoss, "exporter,reason", "Lost."},
      {"b", MetricKind::kGauge, MetricSeverity::kNormal, "", "Size."},
  };
  const std::string page = MetricPage(kTable);
  EXPECT_THAT(page, HasSubstr("| `a_total` | counter | loss | `exporter`, `reason` | Lost. |\n"
                              "| `b` | gauge | normal | | Size. |\n"));
}

TEST(MetricTable, TheGuideHasThePage) {
  std::ifstream file(SPANDREL_SOURCE_DIR "/docs/guide/metrics.md");
  const std::string page{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  EXPECT_EQ(page, MetricPage(MetricTable())) << "spandrel metrics > docs/guide/metrics.md";
}

}  // namespace
}  // namespace spandrel::base
