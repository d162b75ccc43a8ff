// SPDX-License-Identifier: Apache-2.0
#include "sdk/propagation/b3_propagator.h"

#include <gtest/gtest.h>

#include <random>

#include "opentelemetry/trace/propagation/b3_propagator.h"
#include "sdk/propagation/header/b3_header.h"
#include "sdk/testing/carrier.h"

namespace spandrel::sdk {
namespace {

constexpr char kTrace[] = "80f198ee56343ba864fe8b2a57d3eff7";
constexpr char kHalfTrace[] = "64fe8b2a57d3eff7";
constexpr char kSpan[] = "e457b5a2e4d86bd1";

const std::string kIds = std::string(kTrace) + "-" + kSpan;

B3Propagator Single() {
  return B3Propagator(B3Propagator::Form::kSingle);
}
B3Propagator Multi() {
  return B3Propagator(B3Propagator::Form::kMulti);
}

TEST(B3Test, ReadsTheSingleHeader) {
  struct {
    std::string header;
    bool sampled;
  } const cases[] = {{kIds, false},
                     {kIds + "-0", false},
                     {kIds + "-1", true},
                     {kIds + "-d", true},
                     {kIds + "-1-05e3ac9a4f6e3b90", true}};
  for (const auto& test : cases) {
    for (B3Propagator propagator : {Single(), Multi()}) {
      const auto span = ExtractSpan(propagator, {{"b3", test.header}});
      EXPECT_EQ(TraceIdOf(span), kTrace) << test.header;
      EXPECT_EQ(SpanIdOf(span), kSpan) << test.header;
      EXPECT_EQ(span.IsSampled(), test.sampled) << test.header;
      EXPECT_TRUE(span.IsRemote());
    }
  }
}

TEST(B3Test, FillsUpShortTraceIds) {
  const std::string padded = std::string(16, '0') + kHalfTrace;
  EXPECT_EQ(TraceIdOf(ExtractSpan(Single(), {{"b3", std::string(kHalfTrace) + "-" + kSpan}})),
            padded);
  EXPECT_EQ(TraceIdOf(ExtractSpan(Multi(), {{"x-b3-traceid", kHalfTrace}, {"x-b3-spanid", kSpan}})),
            padded);
}

TEST(B3Test, ReadsTheHeadersOneByOne) {
  struct {
    Headers more;
    bool sampled;
  } const cases[] = {{{}, false},
                     {{{"x-b3-sampled", "1"}}, true},
                     {{{"x-b3-sampled", "0"}}, false},
                     {{{"x-b3-sampled", "true"}}, true},
                     {{{"x-b3-sampled", "false"}}, false},
                     {{{"x-b3-flags", "1"}}, true},
                     {{{"x-b3-flags", "1"}, {"x-b3-sampled", "0"}}, true},
                     {{{"x-b3-flags", "0"}, {"x-b3-sampled", "1"}}, true},
                     {{{"b3", "malformed"}, {"x-b3-sampled", "1"}}, true}};
  for (const auto& test : cases) {
    Headers headers = {{"x-b3-traceid", kTrace}, {"x-b3-spanid", kSpan}};
    headers.insert(test.more.begin(), test.more.end());
    const auto span = ExtractSpan(Single(), headers);
    EXPECT_EQ(TraceIdOf(span), kTrace);
    EXPECT_EQ(span.IsSampled(), test.sampled);
  }
}

TEST(B3Test, TheSingleHeaderGoesFirst) {
  const auto span = ExtractSpan(Single(), {{"b3", kIds + "-1"},
                                           {"x-b3-traceid", std::string(32, 'a')},
                                           {"x-b3-spanid", std::string(16, 'b')}});
  EXPECT_EQ(TraceIdOf(span), kTrace);
}

TEST(B3Test, MalformedHeadersStartANewTrace) {
  const std::string bad[] = {"-",
                             "2",
                             "x",
                             kTrace,
                             kIds + "-",
                             kIds + "-2",
                             kIds + "-true",
                             kIds + "-1-",
                             kIds + "-1-05e3ac9a4f6e3b9",
                             kIds + "-1-05e3ac9a4f6e3b90-",
                             kIds + "-1-0000000000000000",
                             std::string(31, 'a') + "-" + kSpan,
                             std::string(33, 'a') + "-" + kSpan,
                             std::string(32, 'A') + "-" + kSpan,
                             std::string(32, '0') + "-" + kSpan,
                             std::string(16, '0') + "-" + kSpan,
                             std::string(kTrace) + "-0000000000000000",
                             std::string(kTrace) + "-e457b5a2e4d86bd",
                             std::string(kTrace) + "-e457b5a2e4d86bdg",
                             kIds + "," + kIds,
                             " " + kIds,
                             std::string(1 << 20, '-'),
                             std::string(1 << 20, 'a')};
  const DropsSince drops(PropagationDrop::kMalformedSpan);
  for (const std::string& header : bad) {
    EXPECT_FALSE(ExtractSpan(Single(), {{"b3", header}}).IsValid()) << header.substr(0, 80);
  }
  EXPECT_EQ(drops.count(), std::size(bad));
  const Headers multi[] = {
      {{"x-b3-traceid", kTrace}},
      {{"x-b3-spanid", kSpan}},
      {{"x-b3-traceid", kTrace}, {"x-b3-spanid", kSpan}, {"x-b3-sampled", "2"}},
      {{"x-b3-traceid", kTrace}, {"x-b3-spanid", kSpan}, {"x-b3-sampled", "d"}},
      {{"x-b3-traceid", kTrace}, {"x-b3-spanid", std::string(kSpan) + "," + kSpan}},
      {{"x-b3-traceid", std::string(1 << 20, 'a')}, {"x-b3-spanid", kSpan}}};
  for (const Headers& headers : multi) EXPECT_FALSE(ExtractSpan(Multi(), headers).IsValid());
  EXPECT_EQ(drops.count(), std::size(bad) + std::size(multi));
}

TEST(B3Test, DenyWithoutASpanLeavesTheTraceOut) {
  for (const Headers& headers : {Headers{{"b3", "0"}}, Headers{{"x-b3-sampled", "0"}}}) {
    const auto span = ExtractSpan(Single(), headers);
    EXPECT_TRUE(span.IsValid());
    EXPECT_FALSE(span.IsSampled());
  }
  for (const char* decision : {"1", "d"}) {
    EXPECT_FALSE(ExtractSpan(Single(), {{"b3", decision}}).IsValid());
  }
  EXPECT_FALSE(ExtractSpan(Single(), {}).IsValid());
}

TEST(B3Test, WritesWhatItWasMadeFor) {
  const auto context = ExtractContext(Single(), {{"b3", kIds + "-1-05e3ac9a4f6e3b90"}});
  EXPECT_EQ(InjectContext(Single(), context), (Headers{{"b3", kIds + "-1"}}));
  EXPECT_EQ(InjectContext(Multi(), context),
            (Headers{{"x-b3-traceid", kTrace}, {"x-b3-spanid", kSpan}, {"x-b3-sampled", "1"}}));
  const auto deferred = ExtractContext(Single(), {{"b3", kIds}});
  EXPECT_EQ(InjectContext(Single(), deferred), (Headers{{"b3", kIds + "-0"}}));
  EXPECT_TRUE(InjectContext(Single(), {}).empty());
}

TEST(B3Test, CarriesDebugOn) {
  const auto context = ExtractContext(Multi(), {{"b3", kIds + "-d"}});
  EXPECT_EQ(InjectContext(Single(), context), (Headers{{"b3", kIds + "-d"}}));
  EXPECT_EQ(InjectContext(Multi(), context),
            (Headers{{"x-b3-traceid", kTrace}, {"x-b3-spanid", kSpan}, {"x-b3-flags", "1"}}));
}

TEST(B3Test, NamesItsFields) {
  std::string fields;
  auto collect = [&](opentelemetry::nostd::string_view name) {
    fields += std::string(name) + " ";
    return true;
  };
  EXPECT_TRUE(Single().Fields(collect));
  EXPECT_TRUE(Multi().Fields(collect));
  EXPECT_EQ(fields, "b3 x-b3-traceid x-b3-spanid x-b3-sampled x-b3-flags ");
}

// What we write, the official propagator reads alike, and the other way round.
TEST(B3Test, AgreesWithTheOfficialPropagator) {
  std::mt19937_64 random(7);
  opentelemetry::trace::propagation::B3Propagator official;
  for (int i = 0; i < 500; ++i) {
    char header[64];
    std::snprintf(header, sizeof(header), "%016lx%016lx-%016lx-%d", random() | 1, random() | 1,
                  random() | 1, static_cast<int>(random() & 1));
    const auto ours = ExtractSpan(Single(), {{"b3", header}});
    const auto theirs = ExtractSpan(official, {{"b3", header}});
    EXPECT_TRUE(ours == theirs) << header;
    const auto context = ExtractContext(Single(), {{"b3", header}});
    EXPECT_EQ(InjectContext(Single(), context), (Headers{{"b3", header}}));
    EXPECT_EQ(InjectContext(official, context), (Headers{{"b3", header}}));
  }
}

}  // namespace
}  // namespace spandrel::sdk
