// SPDX-License-Identifier: Apache-2.0
#include "spandrel/exception.h"

#include <gtest/gtest.h>

#include <map>
#include <stdexcept>
#include <string>

#include "sdk/provider/process_hooks.h"
#include "sdk/provider/provider_core.h"
#include "sdk/testing/fake_collector.h"

namespace spandrel {
namespace {

template <typename T>
struct OutOfStock : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using Event = std::map<std::string, std::string>;

// The events of one span on which `record` was called.
template <typename Record>
std::vector<Event> EventsOf(Record record) {
  sdk::FakeCollector collector;
  sdk::ProviderCore& core = sdk::MakeProviderCore({}, collector.factory());
  const auto span = core.GetTracer("test", "", "")->StartSpan("s");
  record(*span);
  span->End();
  EXPECT_TRUE(core.ForceFlush(std::chrono::seconds(20)));
  EXPECT_TRUE(core.Shutdown(std::chrono::seconds(5)));
  std::vector<Event> events;
  const sdk::otlp::trace::v1::Span sent = collector.Spans().at(0);
  for (const auto& event : sent.events()) {
    EXPECT_EQ(event.name(), "exception");
    events.emplace_back();
    for (const auto& pair : event.attributes()) {
      events.back()[pair.key()] = pair.value().string_value();
    }
  }
  return events;
}

TEST(ExceptionTest, HasItsTypeAndMessage) {
  const auto events = EventsOf([](opentelemetry::trace::Span& span) {
    RecordException(span, std::out_of_range("far"));
    RecordException(span, OutOfStock<int>("none left"), "a\nb");
  });
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0],
            (Event{{"exception.type", "std::out_of_range"}, {"exception.message", "far"}}));
  EXPECT_EQ(events[1].at("exception.type"), "spandrel::(anonymous namespace)::OutOfStock<int>");
  EXPECT_EQ(events[1].at("exception.stacktrace"), "a\nb");
}

TEST(ExceptionTest, WhateverIsBeingHandledIsRecorded) {
  const auto events = EventsOf([](opentelemetry::trace::Span& span) {
    RecordCurrentException(span);  // nothing is being handled
    try {
      throw std::logic_error("wrong");
    } catch (...) {
      RecordCurrentException(span);
    }
    try {
      throw 7;
    } catch (...) {
      EXPECT_EQ(CurrentExceptionType(), "int");
      RecordCurrentException(span);
    }
  });
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].at("exception.message"), "wrong");
  EXPECT_EQ(events[1].at("exception.type"), "int");
}

}  // namespace
}  // namespace spandrel
