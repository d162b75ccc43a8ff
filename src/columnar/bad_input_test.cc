// SPDX-License-Identifier: Apache-2.0
// Spans as nobody should send them: each is kept byte for byte, in the head, sealed, merged and
// reopened. docs/design/store.md has the rules.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>

#include "columnar/engine.h"
#include "columnar/testing/spans.h"
#include "conformance/test_spans.h"
#include "disk/testing/directory.h"
#include "proto/writer.h"
#include "span/span_view.h"
#include "wire/otlp/otlp.h"

namespace spandrel::columnar {
namespace {

using conformance::MakeBatch;
using conformance::SpanIdOf;
using conformance::TestSpan;
using conformance::TraceIdOf;
using storage::AttributeField;
using storage::AttributeScope;
using storage::CompareOp;
using storage::Predicate;

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kNow = 1'700'000'000 * kSecond;

// A wall clock that can be set. Time stands still otherwise.
class SetClock final : public base::Clock {
 public:
  uint64_t NowUnixNano() const override { return now_; }
  std::chrono::steady_clock::time_point NowSteady() const override {
    return std::chrono::steady_clock::time_point() + std::chrono::hours(1);
  }
  void Set(uint64_t unix_nano) { now_ = unix_nano; }

 private:
  std::atomic<uint64_t> now_ = kNow;
};

// All bytes that belong to each span, in an order of their own.
std::vector<std::string> ContentOf(const span::SpanBatch& batch) {
  std::vector<std::string> spans;
  span::ForEachSpan(batch, [&](const span::SpanRef& span) {
    spans.push_back(std::string(span.message()) + '|' + std::string(span.resource().message) + '|' +
                    std::string(span.scope().message));
  });
  std::sort(spans.begin(), spans.end());
  return spans;
}

class BadInputTest : public testing::Test {
 protected:
  BadInputTest() {
    options_.directory = directory_.path();
    options_.merge_fan_in = 2;
    options_.seal_age = std::chrono::hours(1);
    options_.durability = Durability::kOs;
    options_.clock = &clock_;
    Open();
  }
  void Open() {
    engine_.reset();
    auto engine = Engine::Open(options_, metrics_);
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    engine_ = std::move(*engine);
  }

  void Append(span::SpanBatch batch) {
    const base::Status status = AppendAndWait(*engine_, std::move(batch));
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  void Append(const std::vector<TestSpan>& spans) { Append(MakeBatch(spans)); }

  // Runs `check` with what was appended in the head, in a part, in a part that was merged with one
  // of `others`, which must be of a similar size, and after a restart.
  void InEveryState(const std::function<void()>& check,
                    span::SpanBatch others =
                        MakeBatch({{.trace = kOtherTrace, .service = "other", .start = kNow}})) {
    {
      SCOPED_TRACE("in the head");
      check();
    }
    {
      SCOPED_TRACE("sealed");
      engine_->Settle();
      check();
    }
    const uint64_t parts = engine_->Stats().Figure("parts").value();
    {
      SCOPED_TRACE("merged");
      Append(std::move(others));
      engine_->Settle();
      EXPECT_LE(engine_->Stats().Figure("parts").value(), parts);
      check();
    }
    SCOPED_TRACE("reopened");
    Open();
    check();
  }

  void ExpectTrace(uint64_t trace, const std::vector<std::string>& content) {
    const auto found = engine_->GetTrace({}, TraceIdOf(trace));
    ASSERT_TRUE(found.ok()) << found.status().ToString();
    EXPECT_TRUE(ContentOf(*found) == content)
        << found->span_count() << " spans, not " << content.size() << " or others";
  }
  std::vector<storage::TraceSummary> Find(const Predicate& where) {
    const auto found = engine_->Search({}, {.where = where, .limit = 10});
    EXPECT_TRUE(found.ok()) << found.status().ToString();
    return found.ok() ? found->traces : std::vector<storage::TraceSummary>();
  }
  // The number of spans, their errors and durations added up, by trace or by span.
  uint64_t CountSpans() {
    const auto counted = engine_->Aggregate({}, {});
    EXPECT_TRUE(counted.ok());
    uint64_t count = 0;
    for (const auto& series : counted->series) {
      for (const auto& bucket : series.buckets) count += bucket.count;
    }
    return count;
  }

  static constexpr uint64_t kOtherTrace = 1'000'000;

  disk::TestDirectory directory_;
  base::MetricRegistry metrics_;
  SetClock clock_;
  EngineOptions options_;
  std::unique_ptr<Engine> engine_;
};

Predicate ServiceIs(const std::string& name) {
  return Predicate::Compare(storage::Intrinsic::kServiceName, CompareOp::kEqual, name);
}

Predicate TextIs(const std::string& key, const std::string& text) {
  return Predicate::Compare(AttributeField{AttributeScope::kSpan, key}, CompareOp::kEqual, text);
}

TEST_F(BadInputTest, AClockThatJumpsDeletesNothing) {
  options_.max_age = std::chrono::hours(1);
  Open();
  Append({{.trace = 1, .start = kNow}});
  engine_->Settle();
  const uint64_t year = 365 * 24 * 3600 * kSecond;
  uint64_t span = 1;
  for (const uint64_t now : {kNow + 50 * year, kNow - 10 * year, uint64_t{0}, UINT64_MAX, kNow}) {
    clock_.Set(now);
    Append({{.trace = 1, .span = ++span, .start = now}});
    engine_->Settle();
    Open();
    engine_->Settle();
  }
  EXPECT_EQ(engine_->GetTrace({}, TraceIdOf(1)).value().span_count(), 6U);
  EXPECT_EQ(engine_->Stats().spans, 6U);
}

TEST_F(BadInputTest, ASpanThatEndsBeforeItStartsTookNoTime) {
  const std::vector<TestSpan> spans = {
      {.trace = 1, .span = 1, .start = kNow, .duration = -kSecond},
      {.trace = 1, .span = 2, .parent = 1, .start = kNow, .duration = 0 - kNow},
      {.trace = 2, .span = 3, .start = kNow, .duration = 5}};
  Append(spans);
  const auto first = ContentOf(MakeBatch({spans[0], spans[1]}));
  InEveryState([&] {
    ExpectTrace(1, first);
    const auto slowest =
        engine_->Search({}, {.where = ServiceIs("svc"), .order = storage::Order::kSlowest}).value();
    ASSERT_EQ(slowest.traces.size(), 2U);
    EXPECT_EQ(slowest.traces[0].trace_id, TraceIdOf(2));
    EXPECT_EQ(slowest.traces[1].duration_nano(), 0U);
    const auto counted = engine_->Aggregate({}, {.where = ServiceIs("svc")}).value();
    ASSERT_EQ(counted.series.size(), 1U);
    EXPECT_EQ(counted.series[0].buckets[0].latency.zero_count(), 2U);
    EXPECT_EQ(counted.series[0].buckets[0].latency.count(), 3U);
  });
}

TEST_F(BadInputTest, AnyTimeIsATime) {
  const std::vector<uint64_t> starts = {
      0, 1, kNow, INT64_MAX, uint64_t{1} << 63, UINT64_MAX - 1, UINT64_MAX};
  std::vector<TestSpan> spans;
  for (uint64_t i = 0; i < starts.size(); ++i) {
    spans.push_back({.trace = i + 1, .span = i + 1, .service = "any", .start = starts[i]});
    spans.push_back({.trace = 100, .span = 50 + i, .service = "any", .start = starts[i]});
  }
  Append(spans);
  std::vector<TestSpan> together;
  for (size_t i = 1; i < spans.size(); i += 2) together.push_back(spans[i]);
  InEveryState([&] {
    for (uint64_t i = 0; i < starts.size(); ++i)
      ExpectTrace(i + 1, ContentOf(MakeBatch({spans[2 * i]})));
    ExpectTrace(100, ContentOf(MakeBatch(together)));
    // A range ends before its end, so that no range has the last nanosecond of all.
    const auto newest = engine_->Search({}, {.where = ServiceIs("any"), .limit = 1000}).value();
    EXPECT_EQ(newest.traces.size(), starts.size());
    ASSERT_FALSE(newest.traces.empty());
    EXPECT_EQ(newest.traces[0].start_time_unix_nano == 0, newest.traces[0].span_count > 1);
    EXPECT_TRUE(engine_->Dependencies({}, {}).ok());
    const auto by_minute =
        engine_->Aggregate({}, {.where = ServiceIs("any"), .step_nano = 60 * kSecond}).value();
    ASSERT_EQ(by_minute.series.size(), 1U);
    EXPECT_EQ(by_minute.series[0].buckets.size(), 4U);
  });
}

TEST_F(BadInputTest, TheSameSpanTwiceIsStoredOnceAndAnotherOneOfItsIdBeside) {
  const TestSpan span = {.trace = 1, .span = 1, .name = "a"};
  const TestSpan other_name = {.trace = 1, .span = 1, .name = "b"};
  const TestSpan other_start = {.trace = 1, .span = 1, .name = "a", .start = kNow};
  const TestSpan other_resource = {.trace = 1, .span = 1, .service = "c", .name = "a"};
  const std::vector<TestSpan> all = {span, other_name, other_start, other_resource};
  const auto content = ContentOf(MakeBatch(all));
  Append({span, span});
  Append(all);
  InEveryState([&] {
    ExpectTrace(1, content);
    Append(all);
    ExpectTrace(1, content);
    EXPECT_EQ(Find(ServiceIs("svc"))[0].span_count, 4U);
  });
}

span::SpanBatch SpanOfIdsAlone(uint64_t trace) {
  std::string bytes;
  proto::Writer writer(&bytes);
  const size_t resource_spans = writer.Open(span::otlp::kRequestResourceSpans);
  const size_t scope_spans = writer.Open(span::otlp::kResourceSpansScopeSpans);
  const size_t span = writer.Open(span::otlp::kScopeSpansSpans);
  writer.Bytes(span::otlp::kSpanTraceId, TraceIdOf(trace).view());
  writer.Bytes(span::otlp::kSpanSpanId, SpanIdOf(1).view());
  writer.Close(span);
  writer.Close(scope_spans);
  writer.Close(resource_spans);
  return span::SpanBatch(wire::DecodeOtlpProtobuf(base::MakeSharedBytes(std::move(bytes)))->chunk);
}

TEST_F(BadInputTest, ASpanMayBeNothingButItsIds) {
  Append(SpanOfIdsAlone(1));
  InEveryState(
      [&] {
        ExpectTrace(1, ContentOf(SpanOfIdsAlone(1)));
        EXPECT_FALSE(Find(ServiceIs("")).empty());
      },
      SpanOfIdsAlone(kOtherTrace));
}

TEST_F(BadInputTest, ParentsMayRunInCircles) {
  const std::vector<TestSpan> spans = {{.trace = 1, .span = 1, .parent = 1, .service = "self"},
                                       {.trace = 2, .span = 1, .parent = 3, .service = "a"},
                                       {.trace = 2, .span = 2, .parent = 1, .service = "b"},
                                       {.trace = 2, .span = 3, .parent = 2, .service = "c"},
                                       {.trace = 2, .span = 4, .parent = 3, .service = "a"}};
  for (const TestSpan& span : spans) Append({span});
  InEveryState([&] {
    ExpectTrace(1, ContentOf(MakeBatch({spans[0]})));
    ExpectTrace(2, ContentOf(MakeBatch({spans.begin() + 1, spans.end()})));
    EXPECT_EQ(Find(ServiceIs("c"))[0].orphan_count, 0U);
    const auto calls = engine_->Dependencies({}, {}).value();
    ASSERT_EQ(calls.size(), 3U);
    EXPECT_EQ(calls[2].parent, "c");
    EXPECT_EQ(calls[2].call_count, 2U);
  });
}

// Spans of a trace, each the child of the one before; every one starts `step` later, in the next of
// two services.
struct Chain {
  uint64_t trace = 1;
  uint64_t first = 1;
  uint64_t count = 0;
  uint64_t step = 1;
  std::array<std::string_view, 2> services = {"even", "odd"};
};

void WriteLink(const Chain& chain, uint64_t number, proto::Writer& writer) {
  const size_t span = writer.Open(span::otlp::kScopeSpansSpans);
  writer.Bytes(span::otlp::kSpanTraceId, TraceIdOf(chain.trace).view());
  writer.Bytes(span::otlp::kSpanSpanId, SpanIdOf(number).view());
  if (number > 1) writer.Bytes(span::otlp::kSpanParentSpanId, SpanIdOf(number - 1).view());
  writer.Bytes(span::otlp::kSpanName, "link");
  writer.Fixed64(span::otlp::kSpanStartTime, kNow + number * chain.step);
  writer.Fixed64(span::otlp::kSpanEndTime, kNow + number * chain.step + 1000);
  writer.Close(span);
}

void WriteResource(std::string_view service, proto::Writer& writer) {
  const size_t resource = writer.Open(span::otlp::kResourceSpansResource);
  const size_t attribute = writer.Open(span::otlp::kResourceAttributes);
  writer.Bytes(span::otlp::kKeyValueKey, "service.name");
  const size_t value = writer.Open(span::otlp::kKeyValueValue);
  writer.Bytes(span::otlp::kAnyValueString, service);
  writer.Close(value);
  writer.Close(attribute);
  writer.Close(resource);
}

span::SpanBatch MakeChain(const Chain& chain) {
  std::string bytes;
  proto::Writer writer(&bytes);
  for (const uint64_t service : {0, 1}) {
    const size_t resource_spans = writer.Open(span::otlp::kRequestResourceSpans);
    WriteResource(chain.services[service], writer);
    const size_t scope_spans = writer.Open(span::otlp::kResourceSpansScopeSpans);
    for (uint64_t i = chain.first; i < chain.first + chain.count; ++i) {
      if (i % 2 == service) WriteLink(chain, i, writer);
    }
    writer.Close(scope_spans);
    writer.Close(resource_spans);
  }
  return span::SpanBatch(wire::DecodeOtlpProtobuf(base::MakeSharedBytes(std::move(bytes)))->chunk);
}

class LargeTraceTest : public BadInputTest {
 protected:
  static constexpr uint64_t kSpans = 100'000;

  static span::SpanBatch Others(uint64_t step) {
    return MakeChain({.trace = kOtherTrace, .count = kSpans, .step = step, .services = {"c", "d"}});
  }
  void ExpectWhole(const std::vector<std::string>& content) {
    ExpectTrace(1, content);
    const auto found = Find(ServiceIs("odd"));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].span_count, kSpans);
    EXPECT_EQ(found[0].matched_count, kSpans / 2);
    EXPECT_EQ(found[0].orphan_count, 0U);
    EXPECT_EQ(found[0].root_service, "odd");
    uint64_t calls = 0;
    const auto dependencies = engine_->Dependencies({}, {}).value();
    for (const auto& call : dependencies) {
      calls += call.parent == "even" || call.parent == "odd" ? call.call_count : 0;
    }
    EXPECT_EQ(calls, kSpans - 1);
    const auto traces =
        engine_->Aggregate({}, {.where = ServiceIs("even"), .unit = storage::CountUnit::kTraces})
            .value();
    ASSERT_EQ(traces.series.size(), 1U);
    EXPECT_EQ(traces.series[0].buckets[0].count, 1U);
  }
};

TEST_F(LargeTraceTest, AChainMayBeAsDeepAsItIsLong) {
  Append(MakeChain({.count = kSpans}));
  const auto content = ContentOf(MakeChain({.count = kSpans}));
  InEveryState([&] { ExpectWhole(content); }, Others(1));
}

TEST_F(LargeTraceTest, ATraceMayLastForHoursAndLieInManyPlaces) {
  constexpr uint64_t kStep = kSecond / 5;  // five hours and a half
  constexpr uint64_t kPieces = 4;
  options_.merge_fan_in = 100;
  Open();
  for (uint64_t piece = 0; piece < kPieces; ++piece) {
    constexpr uint64_t kCount = kSpans / kPieces;
    Append(MakeChain({.first = 1 + piece * kCount, .count = kCount, .step = kStep}));
    if (piece + 1 < kPieces) engine_->Settle();
  }
  const auto content = ContentOf(MakeChain({.count = kSpans, .step = kStep}));
  ExpectWhole(content);
  EXPECT_EQ(engine_->Stats().Figure("parts").value(), kPieces - 1);
  options_.merge_fan_in = 2;
  Open();
  InEveryState([&] { ExpectWhole(content); }, Others(kStep));
}

// More bytes in one column than a dictionary may have.
TEST_F(BadInputTest, ValuesOfTenMegabytes) {
  constexpr size_t kValueBytes = 10'000'000;
  std::vector<TestSpan> spans;
  for (uint64_t i = 1; i <= 7; ++i) {
    std::string text(kValueBytes, static_cast<char>('a' + i));
    text.replace(kValueBytes / 2, 4, "1234");
    spans.push_back({.trace = i, .span = i, .attributes = {{"large", std::move(text)}}});
  }
  Append(spans);
  InEveryState([&] {
    for (const TestSpan& span : spans) ExpectTrace(span.trace, ContentOf(MakeBatch({span})));
    const auto found = Find(TextIs("large", std::get<std::string>(spans[3].attributes[0].second)));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].trace_id, TraceIdOf(4));
    EXPECT_EQ(Find(Predicate::Compare(AttributeField{AttributeScope::kSpan, "large"},
                                      CompareOp::kMatches, std::string("c1234c")))
                  .size(),
              1U);
  });
}

// Spans with 100 keys each, more than a row group has columns for, and the first with very many.
std::vector<TestSpan> SpansOfManyKeys(uint64_t first, uint64_t count, uint64_t keys_of_first) {
  std::vector<TestSpan> spans;
  uint64_t key = first * 1000;
  for (uint64_t i = first; i < first + count; ++i) {
    spans.push_back({.trace = i, .span = i});
    const uint64_t keys = i == first ? keys_of_first : 100;
    for (uint64_t k = 0; k < keys; ++k) {
      spans.back().attributes.emplace_back("k" + std::to_string(key++), int64_t{7});
    }
  }
  return spans;
}

// Forty spans of one kind; of their attributes the first, the one in the middle and the last
// differ.
std::vector<TestSpan> SpansOfManyAttributes(uint64_t trace, size_t attributes) {
  std::vector<TestSpan> spans;
  for (uint64_t i = 0; i < 40; ++i) {
    TestSpan span{.trace = trace, .span = i + 1, .start = kNow + i};
    for (size_t at = 0; at < attributes; ++at) {
      const bool differs = at == 0 || at == attributes / 2 || at + 1 == attributes;
      span.attributes.emplace_back("a" + std::to_string(at),
                                   differs ? "v" + std::to_string(i / 2) : "same");
    }
    spans.push_back(std::move(span));
  }
  return spans;
}

TEST_F(BadInputTest, MoreAttributesThanSpansShouldHave) {
  // Around 64, from which on cells of a row are no longer told apart one by one.
  const std::vector<size_t> counts = {61, 62, 63, 64, 65, 66, 130};
  for (size_t i = 0; i < counts.size(); ++i) Append(SpansOfManyAttributes(i + 1, counts[i]));
  InEveryState([&] {
    for (size_t i = 0; i < counts.size(); ++i) {
      ExpectTrace(i + 1, ContentOf(MakeBatch(SpansOfManyAttributes(i + 1, counts[i]))));
    }
    EXPECT_EQ(Find(TextIs("a129", "v3")).size(), 1U);
  });
}

TEST_F(BadInputTest, AMillionDistinctKeys) {
  const std::vector<TestSpan> spans = SpansOfManyKeys(1, 2500, 250'000);
  Append(spans);
  const auto first = ContentOf(MakeBatch({spans.front()}));
  const auto last = ContentOf(MakeBatch({spans.back()}));
  const auto find_key = [this](const TestSpan& span) {
    const std::string& key = span.attributes.back().first;
    return Find(Predicate::Exists(AttributeField{AttributeScope::kSpan, key})).size();
  };
  InEveryState(
      [&] {
        ExpectTrace(1, first);
        ExpectTrace(2500, last);
        EXPECT_EQ(find_key(spans.front()), 1U);
        EXPECT_EQ(find_key(spans.back()), 1U);
        const auto names = engine_->TagNames({}, {}, {}, 1000).value();
        ASSERT_EQ(names.size(), 1000U);
        EXPECT_EQ(names[0].key, "k1000");
      },
      MakeBatch(SpansOfManyKeys(3000, 5000, 100)));
}

}  // namespace
}  // namespace spandrel::columnar
