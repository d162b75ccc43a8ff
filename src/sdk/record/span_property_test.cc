// SPDX-License-Identifier: Apache-2.0
// Random spans with attributes of every type, events and links, sent, parsed with libprotobuf, and
// compared with what was set.
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "opentelemetry/common/key_value_iterable.h"
#include "sdk/provider/process_hooks.h"
#include "sdk/provider/provider_core.h"
#include "sdk/testing/fake_collector.h"

namespace spandrel::sdk {
namespace {

namespace common = opentelemetry::common;
namespace nostd = opentelemetry::nostd;
using otlp::common::v1::AnyValue;
using otlp::trace::v1::Span;
using KeyValues = google::protobuf::RepeatedPtrField<otlp::common::v1::KeyValue>;

// Attributes as the API takes them, with the memory that they refer to.
class Given final : public common::KeyValueIterable {
 public:
  std::vector<std::pair<std::string, common::AttributeValue>> pairs;
  std::deque<std::string> texts;
  std::deque<std::vector<nostd::string_view>> text_arrays;
  std::deque<std::unique_ptr<bool[]>> bools;
  std::deque<std::vector<int32_t>> ints;
  std::deque<std::vector<int64_t>> longs;
  std::deque<std::vector<uint32_t>> uints;
  std::deque<std::vector<uint64_t>> ulongs;
  std::deque<std::vector<double>> doubles;
  std::deque<std::vector<uint8_t>> bytes;

  bool ForEachKeyValue(nostd::function_ref<bool(nostd::string_view, common::AttributeValue)> call)
      const noexcept override {
    for (const auto& [key, value] : pairs) {
      if (!call(key, value)) return false;
    }
    return true;
  }
  size_t size() const noexcept override { return pairs.size(); }
};

class Generator {
 public:
  explicit Generator(uint32_t seed) : random_(seed) {}

  uint64_t Below(uint64_t limit) { return random_() % limit; }
  uint64_t Bits() { return random_() >> Below(64); }
  double Real() { return std::ldexp(static_cast<double>(random_()) - 9e18, -int(Below(100))); }
  std::string Text() {
    static const char* const kPieces[] = {
        "a", "Z", "0", " ", "\n", "\"", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "-"};
    std::string text;
    for (uint64_t i = Below(8) == 0 ? Below(400) : Below(12); i > 0; --i)
      text += kPieces[Below(10)];
    return text;
  }
  // Distinct keys, so that what is expected has the same order.
  std::pair<Given, KeyValues> Attributes(uint64_t most) {
    Given given;
    std::map<std::string, AnyValue> expected;
    for (uint64_t i = Below(most + 1); i > 0; --i) {
      const std::string key = "k" + std::to_string(i) + Text();
      given.pairs.emplace_back(key, Value(given, expected[key]));
    }
    KeyValues pairs;
    for (const auto& [key, value] : given.pairs) {
      auto* const pair = pairs.Add();
      pair->set_key(key);
      *pair->mutable_value() = expected[key];
    }
    return {std::move(given), std::move(pairs)};
  }

 private:
  template <typename T, typename List, typename Make>
  nostd::span<const T> Array(List& lists, AnyValue& expected, Make make) {
    lists.emplace_back();
    auto* const array = expected.mutable_array_value();
    for (uint64_t i = Below(5); i > 0; --i) {
      lists.back().push_back(static_cast<T>(make()));
      SetNumber(*array->add_values(), lists.back().back());
    }
    return nostd::span<const T>(lists.back().data(), lists.back().size());
  }
  static void SetNumber(AnyValue& expected, double value) { expected.set_double_value(value); }
  static void SetNumber(AnyValue& expected, int64_t value) { expected.set_int_value(value); }
  static void SetNumber(AnyValue& expected, int32_t value) { expected.set_int_value(value); }
  static void SetNumber(AnyValue& expected, uint32_t value) { expected.set_int_value(value); }
  static void SetNumber(AnyValue& expected, uint64_t value) {
    if (value <= INT64_MAX) return expected.set_int_value(static_cast<int64_t>(value));
    expected.set_string_value(std::to_string(value));
  }
  nostd::span<const bool> Bools(Given& given, AnyValue& expected) {
    const size_t size = Below(5);
    given.bools.push_back(std::make_unique<bool[]>(size));
    auto* const array = expected.mutable_array_value();
    for (size_t i = 0; i < size; ++i) {
      given.bools.back()[i] = Below(2) == 0;
      array->add_values()->set_bool_value(given.bools.back()[i]);
    }
    return nostd::span<const bool>(given.bools.back().get(), size);
  }
  nostd::span<const nostd::string_view> Texts(Given& given, AnyValue& expected) {
    given.text_arrays.emplace_back();
    auto* const array = expected.mutable_array_value();
    for (uint64_t i = Below(5); i > 0; --i) {
      given.texts.push_back(Text());
      given.text_arrays.back().emplace_back(given.texts.back());
      array->add_values()->set_string_value(given.texts.back());
    }
    return nostd::span<const nostd::string_view>(given.text_arrays.back().data(),
                                                 given.text_arrays.back().size());
  }
  nostd::span<const uint8_t> Bytes(Given& given, AnyValue& expected) {
    given.bytes.emplace_back();
    for (uint64_t i = Below(40); i > 0; --i) given.bytes.back().push_back(uint8_t(random_()));
    expected.set_bytes_value(given.bytes.back().data(), given.bytes.back().size());
    return nostd::span<const uint8_t>(given.bytes.back().data(), given.bytes.back().size());
  }
  template <typename T>
  common::AttributeValue Number(AnyValue& expected, T value) {
    SetNumber(expected, value);
    return value;
  }
  // One of the 16 alternatives of AttributeValue.
  common::AttributeValue Value(Given& given, AnyValue& expected) {
    const auto bits = [this] { return Bits(); };
    switch (Below(16)) {
      case 0:
        expected.set_bool_value(Below(2) == 0);
        return expected.bool_value();
      case 1:
        return Number(expected, static_cast<int32_t>(Bits()));
      case 2:
        return Number(expected, static_cast<int64_t>(Bits()));
      case 3:
        return Number(expected, static_cast<uint32_t>(Bits()));
      case 4:
        return Number(expected, Real());
      case 5:
        given.texts.push_back(Text());
        expected.set_string_value(given.texts.back());
        return given.texts.back().c_str();
      case 6:
        given.texts.push_back(Text());
        expected.set_string_value(given.texts.back());
        return nostd::string_view(given.texts.back());
      case 7:
        return Bools(given, expected);
      case 8:
        return Array<int32_t>(given.ints, expected, bits);
      case 9:
        return Array<int64_t>(given.longs, expected, bits);
      case 10:
        return Array<uint32_t>(given.uints, expected, bits);
      case 11:
        return Array<double>(given.doubles, expected, [this] { return Real(); });
      case 12:
        return Texts(given, expected);
      case 13:
        return Number(expected, Bits());
      case 14:
        return Array<uint64_t>(given.ulongs, expected, bits);
      default:
        return Bytes(given, expected);
    }
  }

  std::mt19937_64 random_;
};

class GivenLinks final : public trace_api::SpanContextKeyValueIterable {
 public:
  std::deque<std::pair<trace_api::SpanContext, Given>> links;

  bool ForEachKeyValue(
      nostd::function_ref<bool(trace_api::SpanContext, const common::KeyValueIterable&)> call)
      const noexcept override {
    for (const auto& [context, attributes] : links) {
      if (!call(context, attributes)) return false;
    }
    return true;
  }
  size_t size() const noexcept override { return links.size(); }
};

template <typename Id>
std::string Bytes(const Id& id) {
  return {reinterpret_cast<const char*>(id.Id().data()), id.Id().size()};
}

// Makes a span and says what is to arrive.
Span MakeRandomSpan(Generator& generator, trace_api::Tracer& tracer) {
  Span expected;
  auto [initial, initial_pairs] = generator.Attributes(6);
  GivenLinks links;
  for (uint64_t i = generator.Below(3); i > 0; --i) {
    const auto target = tracer.StartSpan("target")->GetContext();
    auto [attributes, pairs] = generator.Attributes(3);
    auto* const link = expected.add_links();
    link->set_trace_id(Bytes(target.trace_id()));
    link->set_span_id(Bytes(target.span_id()));
    *link->mutable_attributes() = std::move(pairs);
    links.links.emplace_back(target, std::move(attributes));
  }
  trace_api::StartSpanOptions start;
  start.kind = static_cast<trace_api::SpanKind>(generator.Below(5));
  start.start_system_time =
      common::SystemTimestamp(std::chrono::nanoseconds(generator.Below(1e18)));
  start.start_steady_time = common::SteadyTimestamp(std::chrono::nanoseconds(1));
  const std::string name = generator.Text();
  const auto span = tracer.StartSpan(name, initial, links, start);
  expected.set_name(name);
  expected.set_kind(static_cast<Span::SpanKind>(static_cast<int>(start.kind) + 1));
  const auto context = span->GetContext();
  expected.set_trace_id(Bytes(context.trace_id()));
  expected.set_span_id(Bytes(context.span_id()));
  *expected.mutable_attributes() = initial_pairs;

  auto [more, more_pairs] = generator.Attributes(8);
  for (const auto& [key, value] : more.pairs) {
    const std::string other = "m" + key;
    span->SetAttribute(other, value);
  }
  for (auto& pair : more_pairs) {
    auto* const added = expected.add_attributes();
    *added = pair;
    added->set_key("m" + pair.key());
  }
  for (uint64_t i = generator.Below(4); i > 0; --i) {
    auto [attributes, pairs] = generator.Attributes(4);
    auto* const event = expected.add_events();
    event->set_name(generator.Text());
    event->set_time_unix_nano(1 + generator.Below(1e18));
    *event->mutable_attributes() = std::move(pairs);
    span->AddEvent(event->name(),
                   common::SystemTimestamp(std::chrono::nanoseconds(event->time_unix_nano())),
                   attributes);
  }
  if (generator.Below(3) == 0) {
    expected.mutable_status()->set_code(otlp::trace::v1::Status::STATUS_CODE_ERROR);
    expected.mutable_status()->set_message(generator.Text());
    span->SetStatus(trace_api::StatusCode::kError, expected.status().message());
  }
  const uint64_t duration = generator.Below(1e15);
  expected.set_start_time_unix_nano(
      static_cast<uint64_t>(start.start_system_time.time_since_epoch().count()));
  expected.set_end_time_unix_nano(expected.start_time_unix_nano() + duration);
  trace_api::EndSpanOptions end;
  end.end_steady_time = common::SteadyTimestamp(std::chrono::nanoseconds(1 + duration));
  span->End(end);
  return expected;
}

TEST(SpanPropertyTest, WhatArrivesIsWhatWasSet) {
  FakeCollector collector;
  ProviderCore& core = MakeProviderCore({}, collector.factory());
  const auto tracer = core.GetTracer("test", "", "");
  std::map<std::string, Span> expected;
  for (uint32_t seed = 0; seed < 500; ++seed) {
    Generator generator(seed);
    Span span = MakeRandomSpan(generator, *tracer);
    expected[span.span_id()] = std::move(span);
  }
  EXPECT_TRUE(core.ForceFlush(std::chrono::seconds(30)));
  EXPECT_TRUE(collector.all_parsed());
  const std::vector<Span> spans = collector.Spans();
  size_t found = 0;
  for (Span span : spans) {
    const auto wanted = expected.find(span.span_id());
    if (wanted == expected.end()) continue;  // a link's target
    ++found;
    EXPECT_EQ(span.flags() & 0xFF, 3u);
    span.clear_flags();
    for (auto& link : *span.mutable_links()) link.clear_flags();
    std::string difference;
    google::protobuf::util::MessageDifferencer differencer;
    differencer.ReportDifferencesToString(&difference);
    ASSERT_TRUE(differencer.Compare(wanted->second, span)) << difference;
  }
  EXPECT_EQ(found, expected.size());
  EXPECT_TRUE(core.Shutdown(std::chrono::seconds(5)));
}

TEST(SpanPropertyTest, AMillionAttributesAreCounted) {
  FakeCollector collector;
  ProviderCore& core = MakeProviderCore({}, collector.factory());
  const auto span = core.GetTracer("test", "", "")->StartSpan("wide");
  constexpr uint32_t kAttributes = 1'000'000;
  for (uint32_t i = 0; i < kAttributes; ++i) span->SetAttribute("k" + std::to_string(i), i);
  for (uint32_t i = 0; i < 10'000; ++i) span->AddEvent("e");
  span->End();
  EXPECT_TRUE(core.ForceFlush(std::chrono::seconds(30)));
  const Span got = collector.Spans().at(0);
  EXPECT_EQ(got.attributes_size(), 128);
  EXPECT_EQ(got.dropped_attributes_count(), kAttributes - 128);
  EXPECT_EQ(got.events_size(), 128);
  EXPECT_EQ(got.dropped_events_count(), 10'000u - 128);
  EXPECT_TRUE(core.Shutdown(std::chrono::seconds(5)));
}

TEST(SpanPropertyTest, ValuesOfAMegabyteArrive) {
  FakeCollector collector;
  Options options;
  options.limits.attribute_value_length = 1 << 20;
  ProviderCore& core = MakeProviderCore(options, collector.factory());
  const std::string large(1 << 20, 'v');
  for (int i = 0; i < 5; ++i) {
    const auto span = core.GetTracer("test", "", "")->StartSpan("large");
    span->SetAttribute("exact", large);
    span->SetAttribute("longer", large + "x");
    span->SetAttribute("broken", std::string(1 << 20, '\xFF'));
    span->End();
  }
  EXPECT_TRUE(core.ForceFlush(std::chrono::seconds(30)));
  ASSERT_EQ(collector.Spans().size(), 5u);
  for (const Span& got : collector.Spans()) {
    ASSERT_EQ(got.attributes_size(), 3);
    EXPECT_EQ(got.attributes(0).value().string_value(), large);
    EXPECT_EQ(got.attributes(1).value().string_value(), large);
    EXPECT_EQ(got.attributes(2).value().string_value().size(), size_t{3} << 20);
  }
  EXPECT_TRUE(core.Shutdown(std::chrono::seconds(5)));
}

}  // namespace
}  // namespace spandrel::sdk
