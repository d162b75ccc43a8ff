// SPDX-License-Identifier: Apache-2.0
#include "instrument/testing/recording.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "sdk/provider/process_hooks.h"
#include "sdk/provider/provider_core.h"
#include "sdk/testing/fake_collector.h"
#include "spandrel/sdk.h"

namespace spandrel::instrument {
namespace {

Span OnlyOf(const std::vector<Span>& spans) {
  EXPECT_EQ(spans.size(), 1u);
  return spans.empty() ? Span() : spans[0];
}

}  // namespace

struct Recording::Sdk {
  sdk::FakeCollector collector;
  sdk::ProviderCore& core = sdk::MakeProviderCore({}, collector.factory());
};

Recording::Recording() : sdk_(std::make_unique<Sdk>()) {
  sdk::InstallPropagators();
}

Recording::~Recording() {
  EXPECT_TRUE(sdk_->core.Shutdown(std::chrono::seconds(10)));
}

http::Options Recording::options() const {
  http::Options options;
  options.tracer_provider =
      std::shared_ptr<opentelemetry::trace::TracerProvider>(std::shared_ptr<void>(), &sdk_->core);
  return options;
}

opentelemetry::nostd::shared_ptr<opentelemetry::trace::Tracer> Recording::tracer() {
  return sdk_->core.GetTracer("test", "", "");
}

std::vector<Span> Recording::Spans() {
  EXPECT_TRUE(sdk_->core.ForceFlush(std::chrono::seconds(20)));
  std::vector<Span> spans = sdk_->collector.Spans();
  std::stable_sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) {
    return a.start_time_unix_nano() < b.start_time_unix_nano();
  });
  return spans;
}

std::vector<Span> Recording::Spans(Span::SpanKind kind) {
  std::vector<Span> spans = Spans();
  const auto other = [kind](const Span& span) { return span.kind() != kind; };
  spans.erase(std::remove_if(spans.begin(), spans.end(), other), spans.end());
  return spans;
}

Span Recording::OnlyOne() {
  return OnlyOf(Spans());
}

Span Recording::OnlyOne(Span::SpanKind kind) {
  return OnlyOf(Spans(kind));
}

}  // namespace spandrel::instrument
