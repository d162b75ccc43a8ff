// SPDX-License-Identifier: Apache-2.0
#include "sdk/record/remote_span.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace spandrel::sdk {
namespace {

const SpanIdentity kIdentity{{1, 2}, 3, trace_api::TraceFlags::kIsSampled};

TEST(RemoteSpanTest, TellsItsContext) {
  const auto span = MakeRemoteSpan(kIdentity, "foo=1,bar=2");
  const trace_api::SpanContext context = span->GetContext();
  EXPECT_TRUE(context.IsRemote());
  EXPECT_TRUE(context.IsSampled());
  const SpanIdentity read = SpanIdentity::Of(context);
  EXPECT_EQ(read.trace_id[0], 1u);
  EXPECT_EQ(read.trace_id[1], 2u);
  EXPECT_EQ(read.span_id, 3u);
  EXPECT_EQ(context.trace_state()->ToHeader(), "foo=1,bar=2");
  EXPECT_EQ(context.trace_state().get(), span->GetContext().trace_state().get());
}

TEST(RemoteSpanTest, HasNoTraceStateWithoutText) {
  const auto span = MakeRemoteSpan(kIdentity, "");
  EXPECT_EQ(static_cast<const RemoteSpan&>(*span).trace_state_text(), nullptr);
  EXPECT_TRUE(span->GetContext().trace_state()->Empty());
}

// The API's TraceState knows at signs as level 1 had them.
TEST(RemoteSpanTest, TellsTheMembersThatTheApiKnows) {
  const auto header_of = [](const char* text) {
    return MakeRemoteSpan(kIdentity, text)->GetContext().trace_state()->ToHeader();
  };
  EXPECT_EQ(header_of("tenant@system=1,foo@@bar=2,baz=3"), "tenant@system=1,baz=3");
  EXPECT_EQ(header_of("foo@=1"), "");
}

TEST(RemoteSpanTest, IgnoresWhatIsSetOnIt) {
  const auto span = MakeRemoteSpan(kIdentity, "");
  span->SetAttribute("key", 1);
  span->AddEvent("event", {{"key", 1}});
  span->SetStatus(trace_api::StatusCode::kError, "no");
  span->UpdateName("name");
  span->End();
  EXPECT_FALSE(span->IsRecording());
  EXPECT_TRUE(span->GetContext().IsValid());
}

TEST(RemoteSpanTest, MayBeAskedByManyThreadsAtOnce) {
  const auto span = MakeRemoteSpan(kIdentity, "foo=1");
  std::vector<std::string> headers(4);
  std::vector<std::thread> threads;
  threads.reserve(headers.size());
  for (std::string& header : headers) {
    threads.emplace_back([&] { header = span->GetContext().trace_state()->ToHeader(); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(headers, std::vector<std::string>(4, "foo=1"));
}

}  // namespace
}  // namespace spandrel::sdk
