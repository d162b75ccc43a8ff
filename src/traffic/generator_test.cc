// SPDX-License-Identifier: Apache-2.0
#include "traffic/generator.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "span/span_view.h"
#include "wire/otlp/otlp.h"

namespace spandrel::traffic {
namespace {

using span::SpanRef;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::Ge;
using ::testing::Le;
using ::testing::SizeIs;

constexpr uint64_t kStart = 1'700'000'000'000'000'000;
constexpr uint64_t kSpans = 120'000;
constexpr size_t kSpansPerRequest = 1000;

// What the decoded data of one shape look like.
struct Statistics {
  uint64_t spans = 0;
  uint64_t bytes = 0;
  uint64_t roots = 0;
  uint64_t errors = 0;
  uint64_t exceptions = 0;
  uint64_t round_starts = 0;  // start times of whole microseconds
  uint64_t min_start = UINT64_MAX;
  uint64_t max_root_start = 0;
  std::map<size_t, uint64_t> attribute_counts;  // spans by their number of attributes
  std::unordered_map<span::TraceId, uint64_t, span::IdHash> trace_sizes;
  std::set<span::SpanId> span_ids;
  std::set<std::string> resources;
  std::map<std::string, std::set<std::string>> operations;  // by service
  std::map<std::string, std::set<std::string>> values;      // of span attributes, by key
  std::map<std::string, uint64_t> hits;                     // spans with an attribute, by key

  void Add(const SpanRef& ref) {
    const span::SpanEntry& entry = ref.entry();
    ++spans;
    errors += entry.status == span::SpanStatus::kError ? 1 : 0;
    round_starts += entry.start_time_unix_nano % 1000 == 0 ? 1 : 0;
    min_start = std::min(min_start, entry.start_time_unix_nano);
    ++trace_sizes[entry.trace_id];
    span_ids.insert(entry.span_id);
    resources.emplace(ref.resource().message);
    operations[std::string(ref.service_name())].emplace(ref.name());
    if (entry.parent_span_id.IsZero()) {
      ++roots;
      max_root_start = std::max(max_root_start, entry.start_time_unix_nano);
    }
    AddDetails(ref.span());
  }

  void AddDetails(const span::SpanView& view) {
    size_t count = 0;
    auto attributes = view.attributes();
    while (const auto attribute = attributes.Next()) {
      ++count;
      values[std::string(attribute->key)].insert(attribute->value.ToText());
      ++hits[std::string(attribute->key)];
    }
    ++attribute_counts[count];
    auto events = view.events();
    while (const auto event = events.Next())
      exceptions += span::EventView(*event).name == "exception" ? 1 : 0;
  }

  std::vector<uint64_t> SortedTraceSizes() const {
    std::vector<uint64_t> sizes;
    for (const auto& [id, size] : trace_sizes) sizes.push_back(size);
    std::sort(sizes.begin(), sizes.end());
    return sizes;
  }
};

void Decode(const std::string& request, Statistics* statistics) {
  statistics->bytes += request.size();
  auto decoded = wire::DecodeOtlpProtobuf(base::MakeSharedBytes(std::string(request)));
  ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
  const span::SpanChunk& chunk = *decoded->chunk;
  for (size_t i = 0; i < chunk.spans.size(); ++i) statistics->Add(SpanRef(chunk, i));
}

Statistics Generate(GeneratorOptions options) {
  options.start_time_unix_nano = kStart;
  options.spans = kSpans;
  SpanGenerator generator(options);
  Statistics statistics;
  for (uint64_t sent = 0; sent < kSpans; sent += kSpansPerRequest)
    Decode(generator.NextRequest(kSpansPerRequest), &statistics);
  return statistics;
}

const Statistics& Company() {
  static const Statistics statistics = Generate({});
  return statistics;
}

TEST(CompanyShape, TracesHaveAHeavyTail) {
  const auto sizes = Company().SortedTraceSizes();
  EXPECT_THAT(sizes[sizes.size() / 2], AllOf(Ge(7U), Le(9U)));
  EXPECT_EQ(sizes.back(), 10'000U);
  EXPECT_GT(sizes[sizes.size() * 99 / 100], 80U);
}

TEST(CompanyShape, HasTheServicesOperationsAndResources) {
  EXPECT_THAT(Company().operations, SizeIs(20));
  for (const auto& [service, names] : Company().operations) EXPECT_THAT(names, SizeIs(20));
  EXPECT_THAT(Company().resources, SizeIs(80));
  for (const std::string& message : Company().resources) {
    size_t attributes = 0;
    auto reader = span::ResourceView(message).attributes();
    while (reader.Next()) ++attributes;
    EXPECT_EQ(attributes, 7U);
  }
}

TEST(CompanyShape, AttributesAreOfLowMiddleAndUniqueCardinality) {
  EXPECT_THAT(Company().attribute_counts, SizeIs(1));
  EXPECT_EQ(Company().attribute_counts.begin()->first, 11U);
  const auto count = [](std::initializer_list<const char*> keys, size_t min, size_t max) {
    for (const char* key : keys)
      EXPECT_THAT(Company().values.at(key), SizeIs(AllOf(Ge(min), Le(max)))) << key;
  };
  count({"http.request.method", "url.scheme", "server.port", "network.protocol.version",
         "http.response.status_code"},
        2, 10);
  count({"http.route", "server.address", "tenant.id"}, 256, 400);
  count({"request.id", "url.full"}, kSpans * 99 / 100, kSpans);
  // Sizes repeat, but there is no end to them.
  count({"http.response.body.size"}, kSpans / 3, kSpans);
}

TEST(CompanyShape, FourPercentAreErrorsWithAnException) {
  EXPECT_NEAR(double(Company().errors) / kSpans, 0.04, 0.003);
  EXPECT_EQ(Company().exceptions, Company().errors);
}

TEST(CompanyShape, ASpanHasAbout500Bytes) {
  EXPECT_NEAR(double(Company().bytes) / kSpans, 500, 25);
}

TEST(CompanyShape, IdsAreUniqueAndTimesAreNanoseconds) {
  EXPECT_THAT(Company().span_ids, SizeIs(kSpans));
  EXPECT_NEAR(double(Company().round_starts) / kSpans, 0.001, 0.0005);
}

TEST(TracegenShape, TenServicesTenSpansElevenAttributes) {
  for (const Shape shape : {Shape::kTracegen, Shape::kTracegenRandom}) {
    const Statistics statistics = Generate({.shape = shape});
    EXPECT_THAT(statistics.operations, SizeIs(10));
    EXPECT_THAT(statistics.SortedTraceSizes(), Each(10U));
    EXPECT_EQ(statistics.roots, kSpans / 10);
    EXPECT_EQ(statistics.attribute_counts.at(11), kSpans);
    EXPECT_THAT(statistics.values, SizeIs(97));
    for (const auto& [key, values] : statistics.values)
      EXPECT_THAT(values, SizeIs(AllOf(Ge(990U), Le(1000U))));
    EXPECT_THAT(statistics.span_ids, SizeIs(kSpans));
  }
}

TEST(TracegenShape, WalksThroughKeysAndValuesInTurn) {
  SpanGenerator generator({.shape = Shape::kTracegen, .start_time_unix_nano = kStart});
  auto decoded = wire::DecodeOtlpProtobuf(base::MakeSharedBytes(generator.NextRequest(10)));
  ASSERT_TRUE(decoded.ok());
  const SpanRef tenth(*decoded->chunk, 9);
  auto attributes = tenth.span().attributes();
  for (size_t number = 99; number < 110; ++number) {
    const auto attribute = attributes.Next();
    ASSERT_TRUE(attribute.has_value());
    EXPECT_EQ(attribute->key, fmt::format("attr_{:02}", number % 97));
    EXPECT_EQ(attribute->value.ToText(), fmt::format("val_{:02}", number % 1000));
  }
  EXPECT_FALSE(attributes.Next().has_value());
}

TEST(TracegenShape, RandomChoiceRepeatsNoKeyInASpan) {
  SpanGenerator generator({.shape = Shape::kTracegenRandom, .start_time_unix_nano = kStart});
  auto decoded = wire::DecodeOtlpProtobuf(base::MakeSharedBytes(generator.NextRequest(1000)));
  ASSERT_TRUE(decoded.ok());
  std::set<std::set<std::string>> choices;
  for (size_t i = 0; i < 1000; ++i) {
    std::set<std::string> keys;
    auto attributes = SpanRef(*decoded->chunk, i).span().attributes();
    while (const auto attribute = attributes.Next()) keys.emplace(attribute->key);
    EXPECT_THAT(keys, SizeIs(11));
    choices.insert(keys);
  }
  EXPECT_THAT(choices, SizeIs(1000));
}

TEST(SpanGenerator, SpreadsStartsOverTheWholePeriod) {
  constexpr uint64_t kHour = 3600ULL * 1'000'000'000;
  const Statistics statistics = Generate({.nano_per_span = double(kHour) / kSpans});
  EXPECT_GE(statistics.min_start, kStart);
  EXPECT_LT(statistics.min_start, kStart + kHour / 100);
  EXPECT_GT(statistics.max_root_start, kStart + kHour * 98 / 100);
  EXPECT_LE(statistics.max_root_start, kStart + kHour * 101 / 100);
}

TEST(SpanGenerator, PlantsExactlySoManyAttributes) {
  const Statistics statistics =
      Generate({.planted = {{{"rare.one", "needle"}, 3}, {{"rare.two", "pin"}, 7'001}}});
  EXPECT_EQ(statistics.hits.at("rare.one"), 3U);
  EXPECT_EQ(statistics.hits.at("rare.two"), 7'001U);
  EXPECT_EQ(statistics.values.at("rare.one"), std::set<std::string>{"needle"});
}

// The spans of a trace come in requests of one process each, with spans of other traces between.
TEST(SpanGenerator, PiecesAreTheSameSpansOneProcessARequest) {
  constexpr size_t kMostSpans = 512;
  SpanGenerator generator({.spans = kSpans, .start_time_unix_nano = kStart});
  Statistics all;
  uint64_t requests = 0;
  for (auto piece = generator.NextPiece(kMostSpans); piece.spans > 0;
       piece = generator.NextPiece(kMostSpans)) {
    Statistics one;
    Decode(piece.bytes, &one);
    EXPECT_EQ(one.spans, piece.spans);
    EXPECT_THAT(one.resources, SizeIs(1));
    EXPECT_LE(piece.spans, kMostSpans);
    Decode(piece.bytes, &all);
    ++requests;
  }
  EXPECT_EQ(all.spans, kSpans);
  EXPECT_EQ(all.trace_sizes, Company().trace_sizes);
  EXPECT_EQ(all.span_ids, Company().span_ids);
  EXPECT_LT(requests, kSpans / kMostSpans + 81);
  EXPECT_TRUE(generator.NextPiece(kMostSpans).bytes.empty());
}

TEST(SpanGenerator, IsTheSameForTheSameSeed) {
  const auto request = [](uint64_t seed) {
    return SpanGenerator({.seed = seed, .start_time_unix_nano = kStart}).NextRequest(1000);
  };
  EXPECT_EQ(request(1), request(1));
  EXPECT_NE(request(1), request(2));
}

}  // namespace
}  // namespace spandrel::traffic
