// SPDX-License-Identifier: Apache-2.0
#include "wire/otlp/export_response_json.h"

#include <gtest/gtest.h>

namespace spandrel::wire {
namespace {

TEST(ExportResponseJson, RoundTrips) {
  for (const signal::Signal signal : signal::kAllSignals) {
    const auto read =
        DecodeExportResponseJson(EncodeExportResponseJson({7, "bad \"ids\""}, signal));
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(read->rejected_items, 7);
    EXPECT_EQ(read->error_message, "bad \"ids\"");
  }
}

TEST(ExportResponseJson, IsLiberal) {
  for (const auto* json :
       {"", "{}", R"({"partialSuccess":{}})", R"({"partialSuccess":null})", R"({"other":[1,2]})"}) {
    const auto read = DecodeExportResponseJson(json);
    ASSERT_TRUE(read.ok()) << json;
    EXPECT_EQ(read->rejected_items, 0) << json;
  }
  EXPECT_EQ(DecodeExportResponseJson(R"({"partial_success":{"rejected_spans":3}})")->rejected_items,
            3);
}

TEST(ExportResponseJson, RefusesWhatIsNoResponse) {
  for (const auto* json : {"[]", "{", "<html>", R"({"partialSuccess":5})"}) {
    EXPECT_FALSE(DecodeExportResponseJson(json).ok()) << json;
  }
}

}  // namespace
}  // namespace spandrel::wire
