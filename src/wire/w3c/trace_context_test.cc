// SPDX-License-Identifier: Apache-2.0
#include "wire/w3c/trace_context.h"

#include <gtest/gtest.h>

#include <vector>

namespace spandrel::wire {
namespace {

constexpr std::string_view kHeader = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

std::string Format(const TraceParent& parent) {
  const auto header = FormatTraceParent(parent);
  return {header.data(), header.size()};
}

TEST(TraceParent, RoundTrips) {
  const auto parent = ParseTraceParent(kHeader);
  ASSERT_TRUE(parent);
  EXPECT_EQ(parent->trace_id.ToHex(), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(parent->span_id.ToHex(), "b7ad6b7169203331");
  EXPECT_TRUE(parent->sampled());
  EXPECT_FALSE(parent->random());
  EXPECT_EQ(Format(*parent), kHeader);
}

TEST(TraceParent, BlanksAroundAreAllowed) {
  EXPECT_TRUE(ParseTraceParent(" \t" + std::string(kHeader) + "\t "));
}

TEST(TraceParent, UnknownFlagsAreCleared) {
  const std::string header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff";
  EXPECT_EQ(ParseTraceParent(header)->flags, kSampledFlag | kRandomFlag);
}

TEST(TraceParent, LaterVersionsMayGoOn) {
  const std::string later = "cc" + std::string(kHeader.substr(2));
  EXPECT_TRUE(ParseTraceParent(later));
  EXPECT_TRUE(ParseTraceParent(later + "-what-the-future-will-be-like"));
  EXPECT_FALSE(ParseTraceParent(later + ".what-the-future-will-be-like"));
  EXPECT_EQ(Format(*ParseTraceParent(later)), kHeader);
}

TEST(TraceParent, WhatBreaksTheRulesIsRefused) {
  const std::string good(kHeader);
  EXPECT_FALSE(ParseTraceParent(""));
  EXPECT_FALSE(ParseTraceParent("   "));
  EXPECT_FALSE(ParseTraceParent(good + "-"));
  EXPECT_FALSE(ParseTraceParent("ff" + good.substr(2)));
  EXPECT_FALSE(ParseTraceParent("00-00000000000000000000000000000000-b7ad6b7169203331-01"));
  EXPECT_FALSE(ParseTraceParent("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"));
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(ParseTraceParent(good.substr(0, size))) << size;
  }
  for (size_t at = 0; at < good.size(); ++at) {
    for (const char c : {'G', 'A', 'g', '.', ' ', '\0', '\xe9'}) {
      std::string bad = good;
      bad[at] = c;
      if (c == ' ' && (at == 0 || at + 1 == bad.size())) continue;
      EXPECT_FALSE(ParseTraceParent(bad)) << bad;
    }
  }
}

std::string Reformat(std::string_view header) {
  return FormatTraceState(TraceState::Parse(header));
}

TEST(TraceState, ReadsMembersInOrder) {
  EXPECT_EQ(Reformat("foo=1,bar=2"), "foo=1,bar=2");
  EXPECT_EQ(Reformat(" foo=1 \t,, ,\tbar=2,"), "foo=1,bar=2");
  EXPECT_EQ(Reformat("foo= 1"), "foo= 1");
  EXPECT_EQ(Reformat("foo=1,foo=2"), "foo=1,foo=2");
  EXPECT_EQ(Reformat("0a_-*/=x,tenant@system=y"), "0a_-*/=x,tenant@system=y");
  const std::vector<std::string_view> lines = {"foo=1", "", "bar=2,baz=3"};
  const TraceState state = TraceState::Parse(lines);
  EXPECT_EQ(FormatTraceState(state), "foo=1,bar=2,baz=3");
  EXPECT_EQ(state.Find("baz"), "3");
  EXPECT_FALSE(state.Find("qux"));
}

TEST(TraceState, ChecksALineWithoutKeepingIt) {
  EXPECT_EQ(CheckTraceState(""), TraceStateForm::kEmpty);
  EXPECT_EQ(CheckTraceState(" ,\t, "), TraceStateForm::kEmpty);
  EXPECT_EQ(CheckTraceState("foo=1"), TraceStateForm::kReady);
  EXPECT_EQ(CheckTraceState("foo=1,bar= 2"), TraceStateForm::kReady);
  EXPECT_EQ(CheckTraceState("foo=1, bar=2"), TraceStateForm::kLoose);
  EXPECT_EQ(CheckTraceState("foo=1,"), TraceStateForm::kLoose);
  EXPECT_EQ(CheckTraceState("foo=1,Bar=2"), TraceStateForm::kMalformed);
  std::string line = "k0=" + std::string(200, 'v');
  for (int i = 1; i < 3; ++i) line += ",k" + std::to_string(i) + "=" + std::string(200, 'v');
  EXPECT_EQ(CheckTraceState(line), TraceStateForm::kLoose);
  for (int i = 0; i < 29; ++i) line += ",a=1";
  EXPECT_EQ(CheckTraceState(line), TraceStateForm::kLoose);
  EXPECT_EQ(CheckTraceState(line + ",a=1"), TraceStateForm::kMalformed);
  EXPECT_EQ(CheckTraceState(std::string(kMaxTraceStateBytes, ',')), TraceStateForm::kEmpty);
  EXPECT_EQ(CheckTraceState(std::string(kMaxTraceStateBytes + 1, ',')), TraceStateForm::kMalformed);
}

TEST(TraceState, OneBadMemberSpoilsAll) {
  for (const char* bad : {"foo", "foo=", "=1", "foo =1", "foo=1=2", "Foo=1", "foo.bar=1", "@foo=1",
                          "@=1", "foo=\x7f", "foo=b\xc3\xa4r", "foo=1\x01"}) {
    EXPECT_TRUE(TraceState::Parse("ok=1," + std::string(bad)).empty()) << bad;
  }
}

TEST(TraceState, AtSignsAreLikeOtherCharactersButNotFirst) {
  for (const char* line :
       {"foo@=1,bar=2", "foo@@bar=1,bar=2", "foo@bar@baz=1,bar=2", "foo@1bar=1", "0@=1"}) {
    EXPECT_EQ(Reformat(line), line);
    EXPECT_EQ(CheckTraceState(line), TraceStateForm::kReady) << line;
  }
  EXPECT_EQ(CheckTraceState("bar=2,@foo=1"), TraceStateForm::kMalformed);
  EXPECT_TRUE(IsTraceStateKey("foo@"));
  EXPECT_FALSE(IsTraceStateKey("@foo"));
}

TEST(TraceState, KeysAndValuesHaveALength) {
  EXPECT_TRUE(IsTraceStateKey(std::string(256, 'z')));
  EXPECT_FALSE(IsTraceStateKey(std::string(257, 'z')));
  EXPECT_TRUE(IsTraceStateKey("t@" + std::string(254, 'v')));
  EXPECT_FALSE(IsTraceStateKey("t@" + std::string(255, 'v')));
  EXPECT_TRUE(IsTraceStateKey(std::string(255, 't') + "@"));
  EXPECT_FALSE(IsTraceStateKey(std::string(256, 't') + "@"));
  EXPECT_TRUE(IsTraceStateValue(std::string(256, ' ').replace(255, 1, "x")));
  EXPECT_FALSE(IsTraceStateValue(std::string(257, 'x')));
  EXPECT_FALSE(IsTraceStateValue("x "));
}

TEST(TraceState, TakesThirtyTwoMembersAndEightKibibytes) {
  std::string line;
  for (int i = 0; i < 32; ++i) line += "k" + std::to_string(i) + "=v,";
  EXPECT_EQ(TraceState::Parse(line).members().size(), 32u);
  EXPECT_TRUE(TraceState::Parse(line + "k=v").empty());

  const std::vector<std::string> long_lines(80, "k=" + std::string(200, 'v'));
  const std::vector<std::string_view> views(long_lines.begin(), long_lines.end());
  EXPECT_TRUE(TraceState::Parse(views).empty());
  EXPECT_TRUE(TraceState::Parse(std::string(kMaxTraceStateBytes + 1, ',')).empty());
}

TEST(TraceState, SetPutsTheMemberInFront) {
  TraceState state = TraceState::Parse("a=1,b=2,c=3");
  EXPECT_TRUE(state.Set("b", "4"));
  EXPECT_EQ(FormatTraceState(state), "b=4,a=1,c=3");
  EXPECT_TRUE(state.Set("d", "5"));
  EXPECT_EQ(FormatTraceState(state), "d=5,b=4,a=1,c=3");
  EXPECT_FALSE(state.Set("D", "5"));
  EXPECT_FALSE(state.Set("d", ""));
  EXPECT_EQ(FormatTraceState(state), "d=5,b=4,a=1,c=3");

  TraceState none;
  EXPECT_TRUE(none.Set("a", "1"));
  EXPECT_EQ(FormatTraceState(none), "a=1");
}

TEST(TraceState, SetDropsTheLastOfThirtyTwo) {
  std::string line;
  for (int i = 0; i < 32; ++i) line += "k" + std::to_string(i) + "=v,";
  TraceState state = TraceState::Parse(line);
  EXPECT_TRUE(state.Set("new", "x"));
  EXPECT_EQ(state.members().size(), 32u);
  EXPECT_EQ(state.members()[0].key, "new");
  EXPECT_EQ(state.members()[31].key, "k30");
}

TEST(TraceState, LongHeadersLoseLongMembersThenTheLast) {
  const std::string long_value(200, 'x');
  const std::string line = "a=1,long=" + long_value + ",b=" + std::string(100, 'b') +
                           ",c=" + std::string(100, 'c') + ",d=" + std::string(100, 'd') + ",e=5";
  const std::string kept = Reformat(line);
  EXPECT_LE(kept.size(), kMaxTraceStateKept);
  EXPECT_EQ(kept.find("long="), std::string::npos);
  EXPECT_NE(kept.find("e=5"), std::string::npos);

  std::string many;
  for (int i = 0; i < 8; ++i)
    many += std::string(1, static_cast<char>('a' + i)) + "=" + std::string(99, 'v') + ",";
  const std::string shortened = Reformat(many);
  EXPECT_LE(shortened.size(), kMaxTraceStateKept);
  EXPECT_EQ(TraceState::Parse(shortened).members().size(), 5u);
  EXPECT_EQ(shortened.substr(0, 2), "a=");
}

TEST(TraceState, ExactlyFiveHundredAndTwelveAreKept) {
  const std::string line = "a=" + std::string(126, 'x') + ",b=" + std::string(126, 'x') +
                           ",c=" + std::string(126, 'x') + ",d=" + std::string(123, 'x');
  ASSERT_EQ(line.size(), kMaxTraceStateKept);
  EXPECT_EQ(Reformat(line), line);
}

}  // namespace
}  // namespace spandrel::wire
