// SPDX-License-Identifier: Apache-2.0
#include "query/renamed_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "conformance/reference_store.h"
#include "conformance/test_spans.h"
#include "query/attribute_names.h"

namespace spandrel::query {
namespace {

using storage::AttributeField;
using storage::AttributeScope;
using storage::CompareOp;
using storage::Predicate;

TEST(AttributeNamesTest, KnowsOldAndNewNames) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(OtherNamesOf("http.method"), Names{"http.request.method"});
  EXPECT_EQ(OtherNamesOf("http.request.method"), Names{"http.method"});
  EXPECT_EQ(OtherNamesOf("http.resend_count"),
            (Names{"http.request.resend_count", "http.retry_count"}));
  EXPECT_EQ(OtherNamesOf("net.peer.name"), Names{"server.address"});
  EXPECT_EQ(OtherNamesOf("server.address"),
            (Names{"net.host.name", "http.server_name", "net.peer.name"}));
  EXPECT_EQ(OtherNamesOf("http.target"), Names{});
  EXPECT_EQ(OtherNamesOf(""), Names{});
}

class RenamedReaderTest : public ::testing::Test {
 protected:
  RenamedReaderTest() {
    store_.Append(conformance::MakeBatch(
                      {{.trace = 1, .attributes = {{"http.method", "GET"}}},
                       {.trace = 2, .attributes = {{"http.request.method", "GET"}}},
                       {.trace = 3,
                        .attributes = {{"http.method", "GET"}, {"http.request.method", "_OTHER"}}},
                       {.trace = 4}}),
                  [](base::Status status) { ASSERT_TRUE(status.ok()) << status.ToString(); });
  }

  static AttributeField Of(const std::string& key) { return {AttributeScope::kSpan, key}; }

  // The numbers of the traces that are found.
  std::string Found(const Predicate& where, bool exact = false) {
    const storage::QueryContext context(storage::QueryOptions{.exact_names = exact});
    const auto found = reader_.Search(context, {.where = where});
    EXPECT_TRUE(found.ok()) << found.status().ToString();
    std::string numbers;
    for (int number = 1; number <= 4; ++number) {
      for (const storage::TraceSummary& trace : found->traces) {
        if (trace.trace_id == conformance::TraceIdOf(static_cast<uint64_t>(number))) {
          numbers += std::to_string(number);
        }
      }
    }
    return numbers;
  }

  conformance::ReferenceStore store_;
  RenamedReader reader_{store_};
};

TEST_F(RenamedReaderTest, EitherNameFindsSpansOfBoth) {
  const auto equal = [](const char* key) {
    return Predicate::Compare(Of(key), CompareOp::kEqual, std::string("GET"));
  };
  EXPECT_EQ(Found(equal("http.method")), "123");
  EXPECT_EQ(Found(equal("http.request.method")), "12");  // the third says _OTHER by that name
  EXPECT_EQ(Found(Predicate::Not(equal("http.request.method"))), "34");
  EXPECT_EQ(Found(Predicate::Exists(Of("http.method"))), "123");
  EXPECT_EQ(Found(equal("http.method"), true), "13");
  EXPECT_EQ(Found(Predicate::Exists(Of("http.request.method")), true), "23");
}

TEST_F(RenamedReaderTest, GroupsAndListsByEitherName) {
  storage::MeasureRequest request;
  request.group_by = {Of("http.request.method")};
  request.measures = {{storage::MeasureKind::kCount, std::nullopt}};
  const auto measured = reader_.Measure({}, request);
  ASSERT_TRUE(measured.ok());
  ASSERT_EQ(measured->series.size(), 3U);
  EXPECT_EQ(measured->series[0].group[0], storage::OptionalValue("GET"));
  EXPECT_EQ(measured->series[0].buckets[0].spans, 2U);

  EXPECT_EQ(reader_.TagValues({}, Of("http.request.method"), {}, {}, 10).value(),
            (std::vector<std::string>{"GET", "_OTHER"}));
  EXPECT_EQ(reader_.TagValues({}, Of("http.method"), {}, {}, 10).value(),
            std::vector<std::string>{"GET"});
  storage::ValuesRequest values;
  values.field = Of("http.method");
  EXPECT_EQ(reader_.Values({}, values)->values[0].spans, 3U);
  // Names are listed as they were sent.
  EXPECT_EQ(reader_.Names({}, {})->names.size(), 3U);
}

}  // namespace
}  // namespace spandrel::query
