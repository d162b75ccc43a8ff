// SPDX-License-Identifier: Apache-2.0
#include "query/tags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "conformance/test_spans.h"
#include "span/span_view.h"
#include "storage/evaluate.h"

namespace spandrel::query {
namespace {

using conformance::TestSpan;
using ::testing::HasSubstr;

TestSpan Checkout() {
  TestSpan span;
  span.kind = span::SpanKind::kServer;
  span.status = span::SpanStatus::kError;
  span.scope_name = "http";
  span.attributes = {{"http.route", std::string("/users")},
                     {"http.status", int64_t{503}},
                     {"ratio", 72.5},
                     {"cached", true},
                     {"note", std::string("two \"words\"")},
                     {"url", std::string("/a?b=c")}};
  span.resource_attributes = {{"host.name", std::string("web-1")}};
  span.scope_attributes = {{"build", std::string("fast")}};
  span.events = {{1, "exception", {{"exception.type", std::string("Timeout")}}}};
  span.links = {{7, 8, {{"reason", std::string("retry")}}}};
  return span;
}

bool Matches(const storage::Predicate& predicate, const TestSpan& test_span) {
  const auto evaluator = storage::Evaluator::Make(predicate);
  EXPECT_TRUE(evaluator.ok()) << evaluator.status().ToString();
  const span::SpanBatch batch = conformance::MakeBatch({test_span});
  return evaluator.ok() && (*evaluator)->Matches(span::SpanRef(*batch.chunks().front(), 0));
}

bool TextMatches(const std::string& tags) {
  const auto predicate = ParseTags(tags);
  EXPECT_TRUE(predicate.ok()) << tags << ": " << predicate.status().ToString();
  return predicate.ok() && Matches(*predicate, Checkout());
}

TEST(TagsTest, FindsTextOfAnyTypeInAnyScope) {
  for (const char* tags :
       {"", "   ", "http.route=/users", "http.status=503", "ratio=72.5", "cached=true",
        "host.name=web-1", "build=fast", "exception.type=Timeout", "reason=retry", "url=/a?b=c",
        R"(note="two \"words\"")", R"("http.route"="/users"   http.status=503)"}) {
    EXPECT_TRUE(TextMatches(tags)) << tags;
  }
  for (const char* tags : {"http.route=/user", "absent=1", "http.status=503.0", "cached=1",
                           "http.route=/users http.status=200", "http.route="}) {
    EXPECT_FALSE(TextMatches(tags)) << tags;
  }
}

TEST(TagsTest, SpecialKeysHaveJaegersMeaning) {
  for (const char* tags : {"error=true", "error", "error!=false", "span.kind=SERVER",
                           "span.kind=server", "span.status=error", "span.status=ERROR",
                           "span.kind!=client", "scope.name=http", "resource.host.name=web-1"}) {
    EXPECT_TRUE(TextMatches(tags)) << tags;
  }
  for (const char* tags : {"error=false", "error!=true", "span.kind=client", "span.status=ok",
                           "resource.http.route=/users", "scope.name=grpc", "scope.version=1"}) {
    EXPECT_FALSE(TextMatches(tags)) << tags;
  }
}

TEST(TagsTest, OperatorsCompare) {
  for (const char* tags :
       {"http.status>500", "http.status>=503", "http.status<504", "ratio<=72.5", "ratio>72",
        "http.route!=/items", "http.route=~^/us", "http.route!~items", "http.route"}) {
    EXPECT_TRUE(TextMatches(tags)) << tags;
  }
  for (const char* tags : {"http.status>503", "absent>1", "absent!=1", "http.route!=/users",
                           "http.route=~^users", "http.route!~users", "absent"}) {
    EXPECT_FALSE(TextMatches(tags)) << tags;
  }
}

TEST(TagsTest, ErrorsNameThePosition) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a=1 =2", "expected a key at position 5"},
      {"a=\"open", "quote is not closed at position 3"},
      {"a=\"x\\", "quote is not closed at position 3"},
      {"a=\"x\"y", "expected a space at position 6"},
      {"a!b", "expected a space at position 2"},
      {"n>fast", "expected a number at position 3"},
      {"n>", "expected a number at position 3"},
      {"n<nan", "expected a number at position 3"},
      {"ok=1 r=~[", "at position 9"},
  };
  for (const auto& [tags, message] : cases) {
    const auto predicate = ParseTags(tags);
    ASSERT_FALSE(predicate.ok()) << tags;
    EXPECT_EQ(predicate.status().code(), base::StatusCode::kInvalidArgument);
    EXPECT_THAT(predicate.status().message(), HasSubstr(message)) << tags;
  }
}

TEST(TagsTest, LimitsAreKept) {
  EXPECT_FALSE(ParseTags(std::string(kMaxTagsBytes + 1, 'a')).ok());
  std::string many;
  for (size_t i = 0; i < kMaxTagConditions; ++i) many += "a=1 ";
  const auto most = ParseTags(many);
  ASSERT_TRUE(most.ok());
  EXPECT_TRUE(storage::ValidatePredicate(*most).ok());
  EXPECT_FALSE(ParseTags(many + "b=1").ok());
}

TEST(TagsTest, JaegerTagsCompareAsText) {
  EXPECT_TRUE(Matches(TagEquals("http.status", "503"), Checkout()));
  EXPECT_TRUE(Matches(TagEquals("error", "true"), Checkout()));
  EXPECT_FALSE(Matches(TagEquals("error", "timeout"), Checkout()));
}

}  // namespace
}  // namespace spandrel::query
