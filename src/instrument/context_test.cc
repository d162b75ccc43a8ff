// SPDX-License-Identifier: Apache-2.0
#include "spandrel/context.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "opentelemetry/trace/context.h"
#include "opentelemetry/trace/default_span.h"
#include "opentelemetry/trace/scope.h"
#include "spandrel/sdk.h"

namespace spandrel::context {
namespace {

namespace api = opentelemetry::context;
namespace trace = opentelemetry::trace;
using SpanPtr = opentelemetry::nostd::shared_ptr<trace::Span>;

SpanPtr NewSpan() {
  return SpanPtr(new trace::DefaultSpan(trace::SpanContext::GetInvalid()));
}
Context ContextOf(const SpanPtr& span) {
  return Context(trace::kSpanKey, span);
}

class ContextTest : public testing::Test {
 protected:
  ContextTest() { Install(); }
  ~ContextTest() override { EXPECT_EQ(CurrentSpan(), nullptr); }
};

TEST_F(ContextTest, InitInstallsTheStorage) {
  sdk::Options options;
  options.disabled = true;
  sdk::Provider provider = sdk::Init(options);
  EXPECT_TRUE(Installed());
}

TEST_F(ContextTest, ScopesNestDeeply) {
  constexpr int kDepth = 100;
  std::vector<SpanPtr> spans;
  std::vector<std::unique_ptr<trace::Scope>> scopes;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < kDepth; ++i) {
      spans.push_back(NewSpan());
      scopes.push_back(std::make_unique<trace::Scope>(spans.back()));
      EXPECT_EQ(CurrentSpan(), spans.back().get());
      EXPECT_EQ(trace::GetSpan(api::RuntimeContext::GetCurrent()).get(), spans.back().get());
    }
    while (!scopes.empty()) {
      EXPECT_EQ(CurrentSpan(), spans.back().get());
      scopes.pop_back();
      spans.pop_back();
    }
  }
}

TEST_F(ContextTest, OtherValuesKeepTheSpanCurrent) {
  const SpanPtr span = NewSpan();
  const trace::Scope scope(span);
  const auto token =
      api::RuntimeContext::Attach(api::RuntimeContext::SetValue("key", static_cast<int64_t>(1)));
  EXPECT_EQ(CurrentSpan(), span.get());
  const auto root = api::RuntimeContext::Attach(Context());
  EXPECT_EQ(CurrentSpan(), nullptr);
}

// The same calls to the API's own storage and to ours give the same answers.
TEST_F(ContextTest, BehavesAsTheDefaultStorageDoes) {
  api::ThreadLocalContextStorage reference;
  detail::Storage& ours = detail::Storage::Instance();
  std::vector<Context> contexts;
  contexts.reserve(4);
  for (int i = 0; i < 4; ++i) contexts.push_back(ContextOf(NewSpan()));
  struct Pair {
    api::Token* reference;
    api::Token* ours;
  };
  std::vector<Pair> tokens;
  std::vector<std::unique_ptr<api::Token>> detached;  // destroying a token detaches it once more
  unsigned random = 7;
  for (int step = 0; step < 20'000; ++step) {
    random = random * 1664525u + 1013904223u;
    const unsigned choice = random >> 16;
    if (choice % 2 == 0 || tokens.empty()) {
      const Context& context = contexts[(choice / 2) % contexts.size()];
      tokens.push_back({reference.Attach(context).release(), ours.Attach(context).release()});
    } else {
      const size_t at = (choice / 2) % tokens.size();
      EXPECT_EQ(reference.Detach(*tokens[at].reference), ours.Detach(*tokens[at].ours));
      detached.emplace_back(tokens[at].reference);
      detached.emplace_back(tokens[at].ours);
      tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(at));
    }
    ASSERT_TRUE(reference.GetCurrent() == ours.GetCurrent());
  }
  for (const Pair& pair : tokens) {
    reference.Detach(*pair.reference);
    ours.Detach(*pair.ours);
    detached.emplace_back(pair.reference);
    detached.emplace_back(pair.ours);
  }
}

TEST_F(ContextTest, TokensOfOtherThreadsDetachNothing) {
  const SpanPtr span = NewSpan();
  auto scope = std::make_unique<trace::Scope>(span);
  std::thread([&scope] { scope.reset(); }).join();
  EXPECT_EQ(CurrentSpan(), span.get());
  detail::CutTo(0);
}

// A thread that ends with contexts attached gives them back, and may still use the storage after.
TEST_F(ContextTest, ThreadExitReleasesWhatIsLeft) {
  struct Late {
    ~Late() {
      const SpanPtr span = NewSpan();
      const trace::Scope scope(span);
      EXPECT_EQ(CurrentSpan(), span.get());
    }
    bool armed = false;
  };
  auto value = std::make_shared<trace::DefaultSpan>(trace::SpanContext::GetInvalid());
  std::vector<api::Token*> forgotten;
  std::thread([&value, &forgotten] {
    static thread_local Late late;  // destroyed after the storage's hook, which is armed later
    late.armed = true;
    for (int i = 0; i < 10; ++i) {
      forgotten.push_back(
          api::RuntimeContext::Attach(ContextOf(SpanPtr(std::shared_ptr<trace::Span>(value))))
              .release());
    }
  }).join();
  // What is left is held by the ten forgotten tokens.
  EXPECT_LE(value.use_count(), 11);
  for (api::Token* token : forgotten) delete token;
}

TEST_F(ContextTest, AForkedChildGoesOn) {
  const SpanPtr span = NewSpan();
  auto scope = std::make_unique<trace::Scope>(span);
  const pid_t child = fork();
  if (child == 0) {
    const bool kept = CurrentSpan() == span.get();
    scope.reset();
    _exit(kept && CurrentSpan() == nullptr ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(ContextTest, AttachedDropsWhatWasForgotten) {
  const SpanPtr outer = NewSpan();
  const trace::Scope scope(outer);
  api::Token* forgotten = nullptr;
  {
    const Attached attached(ContextOf(NewSpan()));
    forgotten = api::RuntimeContext::Attach(ContextOf(NewSpan())).release();
    EXPECT_NE(CurrentSpan(), outer.get());
  }
  EXPECT_EQ(CurrentSpan(), outer.get());
  delete forgotten;
  EXPECT_EQ(CurrentSpan(), outer.get());
}

TEST_F(ContextTest, AStackStaysWithItsFlow) {
  const SpanPtr base = NewSpan();
  const SpanPtr inner = NewSpan();
  auto scope = std::make_unique<trace::Scope>(base);
  Stack flow;
  scope.reset();
  std::unique_ptr<trace::Scope> in_flow;
  {
    const Entered entered(flow);
    EXPECT_TRUE(flow.active());
    EXPECT_EQ(CurrentSpan(), base.get());
    in_flow = std::make_unique<trace::Scope>(inner);
  }
  EXPECT_FALSE(flow.active());
  EXPECT_EQ(CurrentSpan(), nullptr);
  std::thread([&] {
    const Entered entered(flow);
    EXPECT_EQ(CurrentSpan(), inner.get());
    in_flow.reset();
    EXPECT_EQ(CurrentSpan(), base.get());
  }).join();
}

TEST_F(ContextTest, TheBaseOfAStackIsNobodysToken) {
  const SpanPtr span = NewSpan();
  const Context base = ContextOf(span);
  const auto token = api::RuntimeContext::Attach(base);
  Stack flow;
  const Entered entered(flow);
  EXPECT_FALSE(api::RuntimeContext::Detach(*token));
  EXPECT_EQ(CurrentSpan(), span.get());
}

TEST_F(ContextTest, TracedFunctionsRunWithTheirContext) {
  const SpanPtr span = NewSpan();
  std::future<const Span*> seen;
  std::thread thread;
  const Span* in_thread = nullptr;
  {
    const trace::Scope scope(span);
    seen = std::async(std::launch::async, Traced([] { return CurrentSpan(); }));
    thread = std::thread(Traced([&in_thread](int) { in_thread = CurrentSpan(); }), 1);
  }
  thread.join();
  EXPECT_EQ(seen.get(), span.get());
  EXPECT_EQ(in_thread, span.get());
}

TEST_F(ContextTest, TracedKeepsTheSignature) {
  auto move_only = Traced([held = std::make_unique<int>(4)](int add) { return *held + add; });
  EXPECT_EQ(move_only(1), 5);
  EXPECT_EQ(std::move(move_only)(2), 6);
  auto reference = Traced([](int& value) -> int& { return value; });
  int value = 1;
  EXPECT_EQ(&reference(value), &value);
  const auto quiet = Traced([](int) noexcept {});
  static_assert(noexcept(quiet(1)));
  static_assert(!noexcept(reference(value)));
  static_assert(std::is_copy_constructible_v<decltype(quiet)>);
  static_assert(!std::is_copy_constructible_v<decltype(move_only)>);
  static_assert(!std::is_invocable_v<decltype(quiet), std::string>);
  EXPECT_THROW(Traced([] { throw std::runtime_error("x"); })(), std::runtime_error);
}

}  // namespace
}  // namespace spandrel::context
