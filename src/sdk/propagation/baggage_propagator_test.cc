// SPDX-License-Identifier: Apache-2.0
#include "sdk/propagation/baggage_propagator.h"

#include <gtest/gtest.h>

#include <random>

#include "opentelemetry/baggage/propagation/baggage_propagator.h"
#include "sdk/propagation/header/baggage_header.h"
#include "sdk/testing/carrier.h"

namespace spandrel::sdk {
namespace {

using opentelemetry::baggage::Baggage;
using BaggagePtr = opentelemetry::nostd::shared_ptr<Baggage>;

BaggagePairs Extract(const std::string& header) {
  return PairsOf(ExtractContext(BaggagePropagator(), {{"baggage", header}}));
}

std::string Inject(const BaggagePairs& pairs) {
  opentelemetry::context::Context empty;
  const auto context = opentelemetry::baggage::SetBaggage(empty, BaggagePtr(new Baggage(pairs)));
  return InjectContext(BaggagePropagator(), context)["baggage"];
}

TEST(BaggageTest, ReadsMembers) {
  EXPECT_EQ(Extract("key1=value1,key2=value2"),
            (BaggagePairs{{"key1", "value1"}, {"key2", "value2"}}));
  EXPECT_EQ(Extract(" key1\t= value1 ,,\t, key2 =value2,"),
            (BaggagePairs{{"key1", "value1"}, {"key2", "value2"}}));
  EXPECT_EQ(Extract("key="), (BaggagePairs{{"key", ""}}));
  EXPECT_EQ(Extract("key=a=b"), (BaggagePairs{{"key", "a=b"}}));
  EXPECT_EQ(Extract("!#$%&'*+-.^_`|~9zA=x"), (BaggagePairs{{"!#$%&'*+-.^_`|~9zA", "x"}}));
}

TEST(BaggageTest, DecodesValues) {
  EXPECT_EQ(Extract("key=a%20b%2Cc%3d"), (BaggagePairs{{"key", "a b,c="}}));
  EXPECT_EQ(Extract("key=a+b"), (BaggagePairs{{"key", "a+b"}}));
  EXPECT_EQ(Extract("key=%C3%A4"), (BaggagePairs{{"key", "\xC3\xA4"}}));
  EXPECT_EQ(Extract("key=%C3x%FF"), (BaggagePairs{{"key", "\xEF\xBF\xBDx\xEF\xBF\xBD"}}));
  EXPECT_EQ(Extract("key=a b\"\\\xC3\xA4"), (BaggagePairs{{"key", "a b\"\\\xC3\xA4"}}));
  EXPECT_EQ(Extract("%41=x"), (BaggagePairs{{"%41", "x"}}));
}

TEST(BaggageTest, KeepsProperties) {
  EXPECT_EQ(Extract("key=a%20b;p1;p2=x%20y , other=z"),
            (BaggagePairs{{"key", "a b;p1;p2=x%20y"}, {"other", "z"}}));
  EXPECT_EQ(Extract("key=a;p=;q=b=c"), (BaggagePairs{{"key", "a;p=;q=b=c"}}));
  const std::string header = "key=a%20b;p1;p2=x%20y,other=z";
  EXPECT_EQ(Inject(Extract(header)), header);
}

// gRPC ends a process that sends a tab in metadata.
TEST(BaggageTest, PropertiesLoseTheBlanksAroundTheirParts) {
  EXPECT_EQ(Extract("key=a ; p = 1"), (BaggagePairs{{"key", "a;p=1"}}));
  EXPECT_EQ(Extract("k=v;\tp=\t1"), (BaggagePairs{{"k", "v;p=1"}}));
  EXPECT_EQ(Extract("k=v\t;\t p \t=\t 1 \t; q\t,l=w"),
            (BaggagePairs{{"k", "v;p=1;q"}, {"l", "w"}}));
  EXPECT_EQ(Inject({{"k", "v;\tp\t= 1 ;\tq"}}), "k=v;p=1;q");
}

TEST(BaggageTest, TheLastOfSeveralCounts) {
  EXPECT_EQ(Extract("a=1,b=2,a=3"), (BaggagePairs{{"a", "3"}, {"b", "2"}}));
}

TEST(BaggageTest, DropsMalformedMembers) {
  const char* const bad[] = {"key",        "=value",   "k y=v",    "key=%4",    "key=%zz",
                             "key=%00",    "key=\x01", "key=\x7f", "key=\xC3",  "k(y=v",
                             "k\xC3y=v",   "key=v;",   "key=v;;p", "key=v;p q", "key=v;=x",
                             "key=v;p=\"", "key=v;p;", "key=a\nb"};
  const DropsSince drops(PropagationDrop::kMalformedBaggage);
  for (const char* member : bad) {
    EXPECT_EQ(Extract("ok=1," + std::string(member) + ",fine=2"),
              (BaggagePairs{{"ok", "1"}, {"fine", "2"}}))
        << member;
  }
  EXPECT_EQ(drops.count(), std::size(bad));
}

TEST(BaggageTest, LeavesTheContextAsItIsWithoutAHeader) {
  const auto before = ExtractContext(BaggagePropagator(), {{"baggage", "a=1"}});
  for (const char* header : {"", "  ", "malformed"}) {
    auto context = before;
    EXPECT_TRUE(BaggagePropagator().Extract(MapCarrier(Headers{{"baggage", header}}), context) ==
                before);
  }
  auto context = before;
  EXPECT_EQ(PairsOf(BaggagePropagator().Extract(MapCarrier(Headers{{"baggage", "b=2"}}), context)),
            (BaggagePairs{{"b", "2"}}));
}

std::string ManyMembers(int count, size_t value_size) {
  std::string header;
  for (int i = 0; i < count; ++i) {
    header += "k" + std::to_string(i) + "=" + std::string(value_size, 'v') + ",";
  }
  header.pop_back();
  return header;
}

TEST(BaggageTest, TakesSixtyFourMembers) {
  const DropsSince drops(PropagationDrop::kBaggageOverLimit);
  EXPECT_EQ(Extract(ManyMembers(64, 1)).size(), 64u);
  EXPECT_EQ(drops.count(), 0u);
  EXPECT_EQ(Extract(ManyMembers(65, 1)).size(), 64u);
  EXPECT_EQ(drops.count(), 1u);
  EXPECT_EQ(Inject(Extract(ManyMembers(64, 1))), ManyMembers(64, 1));
}

TEST(BaggageTest, TakesEightKibibytes) {
  const std::string full = "k=" + std::string(kMaxBaggageBytes - 2, 'v');
  const DropsSince drops(PropagationDrop::kBaggageOverLimit);
  EXPECT_EQ(Extract(full).size(), 1u);
  EXPECT_EQ(Inject(Extract(full)), full);
  EXPECT_EQ(drops.count(), 0u);
  EXPECT_TRUE(Extract(full + "v").empty());
  EXPECT_EQ(Extract("a=1,b=2," + full), (BaggagePairs{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(drops.count(), 2u);
}

// CVE-2026-29181 (Go), CVE-2026-40894 (.NET): many lines, each within the limits, and dense
// separators. The carrier has joined the lines.
TEST(BaggageTest, ManyLinesShareOneBudget) {
  std::string lines;
  for (int line = 0; line < 80; ++line) {
    lines += "k" + std::to_string(line) + "=" + std::string(8000, 'v') + ",";
  }
  const DropsSince drops(PropagationDrop::kBaggageOverLimit);
  EXPECT_EQ(Extract(lines).size(), 1u);
  EXPECT_EQ(drops.count(), 1u);
}

TEST(BaggageTest, DenseSeparatorsAreBounded) {
  for (const char* separator : {",", ";", "=", "a=,", "a=;,", "%", "a=%", "=,", " "}) {
    std::string header;
    while (header.size() < 1 << 20) header += separator;
    EXPECT_LE(Extract(header).size(), 1u) << separator;
  }
}

// GHSA-5wrp-cwcj-q835: malformed baggage fills no log.
TEST(BaggageTest, SaysNothingAboutMalformedMembers) {
  testing::internal::CaptureStderr();
  for (int i = 0; i < 100; ++i) Extract("key=%zz,,=,\x01");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(BaggageTest, EncodesWhatNeedsIt) {
  EXPECT_EQ(Inject({{"key", "a b,c;d e\"\\%+\r\n\xC3\xA4"}}),
            "key=a%20b%2Cc%3Bd%20e%22%5C%25%2B%0D%0A%C3%A4");
  EXPECT_EQ(Inject({{"key", "v;p=1"}}), "key=v;p=1");
  EXPECT_EQ(Inject({{"key", "v;p\r\nx: y"}}), "key=v%3Bp%0D%0Ax%3A%20y");
  const DropsSince drops(PropagationDrop::kUnsendableBaggage);
  EXPECT_EQ(Inject({{"", "1"}, {"a b", "2"}, {"c\r\n", "3"}, {"d", "4"}}), "d=4");
  EXPECT_EQ(drops.count(), 3u);
}

TEST(BaggageTest, WritesNoMoreThanTheLimits) {
  BaggagePairs pairs;
  for (int i = 0; i < 200; ++i) pairs.emplace_back("k" + std::to_string(i), "v");
  const DropsSince drops(PropagationDrop::kBaggageOverLimit);
  EXPECT_EQ(Extract(Inject(pairs)).size(), kMaxBaggageMembers);
  EXPECT_EQ(drops.count(), 200 - kMaxBaggageMembers);
  const std::string header = Inject({{"big", std::string(3000, '/')}, {"small", "1"}});
  EXPECT_EQ(header, "small=1");
  EXPECT_EQ(Inject({{"k", std::string(9000, 'v') + ";p"}, {"small", "1"}}), "small=1");
}

// Random printable values: what we write, we and the official class read back as they were; and
// what the official class writes without blanks, we read alike.
TEST(BaggageTest, AgreesWithTheOfficialClass) {
  std::mt19937 random(3);
  opentelemetry::baggage::propagation::BaggagePropagator official;
  for (int round = 0; round < 300; ++round) {
    BaggagePairs pairs;
    for (unsigned i = random() % 8; i-- > 0;) {
      std::string value;
      for (unsigned size = random() % 30; size-- > 0;) {
        const char c = static_cast<char>('!' + random() % 94);
        if (c != ';') value += c;
      }
      pairs.emplace_back("key-" + std::to_string(i), value);
    }
    const std::string header = Inject(pairs);
    EXPECT_EQ(Extract(header), pairs);
    EXPECT_EQ(PairsOf(ExtractContext(official, {{"baggage", header}})), pairs) << header;
    EXPECT_EQ(PairsOf(*Baggage::FromHeader(header)), pairs);
    EXPECT_EQ(Extract(Baggage(pairs).ToHeader()), pairs);
  }
}

}  // namespace
}  // namespace spandrel::sdk
