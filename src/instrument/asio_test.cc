// SPDX-License-Identifier: Apache-2.0
// Handlers and coroutines of Boost.Asio on one and on two threads: what is current in each.
#include "spandrel/asio.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/defer.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
#if __has_include(<boost/asio/experimental/awaitable_operators.hpp>)
#include <boost/asio/experimental/awaitable_operators.hpp>
#endif

#include "opentelemetry/trace/default_span.h"
#include "opentelemetry/trace/scope.h"
#include "sdk/provider/process_hooks.h"
#include "sdk/provider/provider_core.h"
#include "sdk/testing/fake_collector.h"

namespace spandrel::asio {
namespace {

namespace net = boost::asio;
namespace trace = opentelemetry::trace;
using boost::system::error_code;
using context::CurrentSpan;
using SpanPtr = opentelemetry::nostd::shared_ptr<trace::Span>;

SpanPtr NewSpan() {
  return SpanPtr(new trace::DefaultSpan(trace::SpanContext::GetInvalid()));
}

void RunOnThreads(net::io_context& io, int threads) {
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back([&io] { io.run(); });
  io.run();
  for (std::thread& thread : others) thread.join();
}

class AsioTest : public testing::Test {
 protected:
  AsioTest() { context::Install(); }
  ~AsioTest() override { EXPECT_EQ(CurrentSpan(), nullptr); }

  net::io_context io_;
};

TEST_F(AsioTest, PostedFunctionsRunWithTheContextOfTheirSubmission) {
  net::thread_pool pool(2);
  const Executor executor = Propagating(pool.get_executor());
  std::atomic<int> right{0};
  for (int i = 0; i < 1'000; ++i) {
    const SpanPtr span = NewSpan();
    const trace::Scope scope(span);
    net::post(executor, [&right, span] { right += CurrentSpan() == span.get() ? 1 : 0; });
    net::defer(executor, [&right, span] { right += CurrentSpan() == span.get() ? 1 : 0; });
    net::dispatch(executor, [&right, span] { right += CurrentSpan() == span.get() ? 1 : 0; });
  }
  pool.join();
  EXPECT_EQ(right, 3'000);
}

TEST_F(AsioTest, TracedHandlersKeepTheirExecutor) {
  auto strand = net::make_strand(io_);
  net::steady_timer timer(io_, std::chrono::milliseconds(1));
  const SpanPtr span = NewSpan();
  bool in_strand = false;
  const trace::Span* seen = nullptr;
  {
    const trace::Scope scope(span);
    timer.async_wait(Traced(net::bind_executor(strand, [&](error_code) {
      in_strand = strand.running_in_this_thread();
      seen = CurrentSpan();
    })));
  }
  io_.run();
  EXPECT_TRUE(in_strand);
  EXPECT_EQ(seen, span.get());
}

TEST_F(AsioTest, ExecutorsCompareAndConvert) {
  const Executor flow = NewFlow(io_.get_executor());
  const Executor same = flow;  // NOLINT(performance-unnecessary-copy-initialization)
  EXPECT_EQ(flow, same);
  EXPECT_NE(flow, NewFlow(io_.get_executor()));
  EXPECT_NE(flow, Propagating(io_.get_executor()));
  const net::any_io_executor any = flow;
  EXPECT_EQ(&net::query(any, net::execution::context), &io_);
  // A flow of a flow does not become deeper.
  EXPECT_EQ(NewFlow(NewFlow(any)).inner(), net::any_io_executor(io_.get_executor()));
}

// A chain of callbacks whose object holds the Scope.
TEST_F(AsioTest, AScopeLivesAcrossTheHandlersOfAFlow) {
  struct Session {
    explicit Session(net::io_context& io) : timer(NewFlow(io.get_executor())) {}
    void Begin() {
      scope.emplace(span);
      timer.expires_after(std::chrono::milliseconds(1));
      timer.async_wait([this](error_code) { GoOn(); });
    }
    void GoOn() {
      EXPECT_EQ(CurrentSpan(), span.get());
      if (++steps < 3) {
        timer.async_wait([this](error_code) { GoOn(); });
      } else {
        scope.reset();
        EXPECT_EQ(CurrentSpan(), nullptr);
      }
    }
    SpanPtr span = NewSpan();
    net::steady_timer timer;
    std::optional<trace::Scope> scope;
    int steps = 0;
  };
  Session first(io_);
  Session second(io_);
  for (Session* session : {&first, &second}) {
    net::post(session->timer.get_executor(), [session] { session->Begin(); });
  }
  net::post(io_, [] { EXPECT_EQ(CurrentSpan(), nullptr); });
  io_.run();
  EXPECT_EQ(first.steps, 3);
  EXPECT_EQ(second.steps, 3);
}

// A flow runs one function at a time.
TEST_F(AsioTest, OneFlowOnManyThreadsAtOnce) {
  const SpanPtr base = NewSpan();
  std::optional<trace::Scope> scope(base);
  const Executor flow = NewFlow(io_.get_executor());
  scope.reset();
  std::atomic<int> right{0};
  for (int i = 0; i < 5'000; ++i) {
    net::post(flow, [&right, &base] {
      const bool begins_right = CurrentSpan() == base.get();
      const SpanPtr span = NewSpan();
      const trace::Scope inner(span);
      right += begins_right && CurrentSpan() == span.get() ? 1 : 0;
    });
  }
  RunOnThreads(io_, 4);
  EXPECT_EQ(right, 5'000);
}

TEST_F(AsioTest, DispatchFromInsideRunsAtOnceWithTheSameStack) {
  const Executor flow = NewFlow(io_.get_executor());
  const Executor other = NewFlow(io_.get_executor());
  int ran = 0;
  net::post(flow, [&] {
    const SpanPtr span = NewSpan();
    const trace::Scope scope(span);
    net::dispatch(flow, [&] {
      EXPECT_EQ(CurrentSpan(), span.get());
      ++ran;
    });
    net::dispatch(other, [&] {
      EXPECT_EQ(CurrentSpan(), nullptr);
      net::dispatch(flow, [&] { ++ran; });  // the flow is busy: later
      ++ran;
    });
    EXPECT_EQ(ran, 2);
    EXPECT_EQ(CurrentSpan(), span.get());
  });
  io_.run();
  EXPECT_EQ(ran, 3);
}

TEST_F(AsioTest, AHandlerThatThrowsLeavesTheThreadClean) {
  const Executor flow = NewFlow(io_.get_executor());
  const SpanPtr span = NewSpan();
  net::post(flow, [&] {
    const trace::Scope scope(span);
    throw std::runtime_error("handler");
  });
  EXPECT_THROW(io_.run(), std::runtime_error);
  EXPECT_EQ(CurrentSpan(), nullptr);
  net::post(flow, [] { EXPECT_EQ(CurrentSpan(), nullptr); });
  io_.restart();
  EXPECT_EQ(io_.run(), 1u);
}

#if defined(BOOST_ASIO_HAS_CO_AWAIT)

using net::awaitable;
using net::use_awaitable;

awaitable<void> Yield() {
  co_await net::post(co_await net::this_coro::executor, use_awaitable);
}

awaitable<void> Sleep(std::chrono::microseconds time) {
  net::steady_timer timer(co_await net::this_coro::executor, time);
  co_await timer.async_wait(use_awaitable);
}

// Opens Scopes within Scopes, each across suspensions; counts what is not as it should be.
awaitable<void> Nest(int depth, const trace::Span* outer, std::atomic<int>& wrong) {
  if (CurrentSpan() != outer) ++wrong;
  const SpanPtr span = NewSpan();
  const trace::Scope scope(span);
  co_await Yield();
  if (CurrentSpan() != span.get()) ++wrong;
  if (depth > 1) co_await Nest(depth - 1, span.get(), wrong);
  if (CurrentSpan() != span.get()) ++wrong;
  co_await Sleep(std::chrono::microseconds(depth * 10));
  if (CurrentSpan() != span.get()) ++wrong;
}

class CoroutineThreads : public AsioTest, public testing::WithParamInterface<int> {};

TEST_P(CoroutineThreads, ScopesStayWithTheirCoroutine) {
  std::atomic<int> wrong{0};
  std::atomic<int> done{0};
  for (int i = 0; i < 300; ++i) {
    const SpanPtr request = NewSpan();
    const trace::Scope scope(request);
    net::co_spawn(NewFlow(io_.get_executor()), Nest(1 + i % 8, request.get(), wrong),
                  [&done, request](std::exception_ptr error) {
                    EXPECT_FALSE(error);
                    EXPECT_EQ(CurrentSpan(), request.get());
                    ++done;
                  });
    net::post(io_, [&wrong] { wrong += CurrentSpan() == nullptr ? 0 : 1; });
  }
  RunOnThreads(io_, GetParam());
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(done, 300);
}

#if defined(SPANDREL_THREAD_SANITIZER)
constexpr int kMany = 5'000;  // a hundred thousand take a minute then
#else
constexpr int kMany = 100'000;
#endif

TEST_P(CoroutineThreads, AHundredThousandAtOnce) {
  std::atomic<int> wrong{0};
  std::atomic<int> waiting{0};
  std::atomic<int> done{0};
  net::steady_timer gate(io_, std::chrono::steady_clock::time_point::max());
  net::strand<net::io_context::executor_type> strand = net::make_strand(io_);
  const auto request = [&]() -> awaitable<void> {
    const SpanPtr outer = NewSpan();
    const trace::Scope scope(outer);
    co_await Yield();
    {
      const SpanPtr inner = NewSpan();
      const trace::Scope inner_scope(inner);
      // The last one opens the gate for all.
      if (++waiting == kMany) net::post(strand, [&gate] { gate.cancel(); });
      error_code ignored;
      co_await net::co_spawn(
          strand,
          [&]() -> awaitable<void> {
            if (waiting < kMany) {
              co_await gate.async_wait(net::redirect_error(use_awaitable, ignored));
            }
          },
          use_awaitable);
      if (CurrentSpan() != inner.get()) ++wrong;
    }
    co_await Yield();
    if (CurrentSpan() != outer.get()) ++wrong;
    ++done;
  };
  for (int i = 0; i < kMany; ++i) {
    net::co_spawn(NewFlow(io_.get_executor()), request, net::detached);
  }
  RunOnThreads(io_, GetParam());
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(done, kMany);
}

INSTANTIATE_TEST_SUITE_P(Threads, CoroutineThreads, testing::Values(1, 2));

TEST_F(AsioTest, CancellationAndExceptionsUnwindTheScopes) {
  const SpanPtr base = NewSpan();
  net::steady_timer never(io_, std::chrono::steady_clock::time_point::max());
  int caught = 0;
  const auto waits = [&]() -> awaitable<void> {
    try {
      const SpanPtr span = NewSpan();
      const trace::Scope scope(span);
      co_await never.async_wait(use_awaitable);
    } catch (const boost::system::system_error& error) {
      EXPECT_EQ(error.code(), net::error::operation_aborted);
      EXPECT_EQ(CurrentSpan(), base.get());
      ++caught;
    }
    const SpanPtr span = NewSpan();
    const trace::Scope scope(span);
    co_await Yield();
    throw std::runtime_error("from a coroutine");
  };
  {
    const trace::Scope scope(base);
    for (int i = 0; i < 3; ++i) {
      net::co_spawn(NewFlow(io_.get_executor()), waits, [&](std::exception_ptr error) {
        EXPECT_THROW(std::rethrow_exception(error), std::runtime_error);
        EXPECT_EQ(CurrentSpan(), base.get());
        ++caught;
      });
    }
  }
  net::co_spawn(
      io_,
      [&]() -> awaitable<void> {
        co_await Yield();
        co_await Yield();
        never.cancel();
      },
      net::detached);
  io_.run();
  EXPECT_EQ(caught, 6);
}

TEST_F(AsioTest, SuspendedCoroutinesMayBeDestroyed) {
  auto value = std::make_shared<trace::DefaultSpan>(trace::SpanContext::GetInvalid());
  {
    net::io_context io;
    net::steady_timer never(io, std::chrono::steady_clock::time_point::max());
    for (int i = 0; i < 10; ++i) {
      net::co_spawn(
          NewFlow(io.get_executor()),
          [&]() -> awaitable<void> {
            const SpanPtr span{std::shared_ptr<trace::Span>(value)};
            const trace::Scope scope(span);
            co_await never.async_wait(use_awaitable);
          },
          net::detached);
    }
    EXPECT_GT(io.poll(), 0u);
    EXPECT_GT(value.use_count(), 10);
  }
  EXPECT_EQ(value.use_count(), 1);
}

awaitable<int> Branch(int result, const trace::Span* outer) {
  EXPECT_EQ(CurrentSpan(), outer);
  const SpanPtr span = NewSpan();
  const trace::Scope scope(span);
  for (int i = 0; i < 20; ++i) {
    co_await Yield();
    EXPECT_EQ(CurrentSpan(), span.get());
  }
  co_return result;
}

TEST_F(AsioTest, BranchesOfOneCoroutineHaveOwnFlows) {
  int sum = 0;
  const auto parent = [&]() -> awaitable<void> {
    const SpanPtr span = NewSpan();
    const trace::Scope scope(span);
    const auto executor = co_await net::this_coro::executor;
    // Both run while this coroutine waits for one of them.
    net::co_spawn(executor, InOwnFlow(Branch(1, span.get())),
                  [&](std::exception_ptr, int result) { sum += result; });
    sum += co_await InOwnFlow(Branch(2, span.get()));
    EXPECT_EQ(CurrentSpan(), span.get());
#if __has_include(<boost/asio/experimental/awaitable_operators.hpp>)
    using namespace net::experimental::awaitable_operators;  // NOLINT
    const auto [third, fourth] =
        co_await (InOwnFlow(Branch(3, span.get())) && InOwnFlow(Branch(4, span.get())));
    EXPECT_EQ(CurrentSpan(), span.get());
    EXPECT_EQ(third + fourth, 7);
    const auto first_done =
        co_await (InOwnFlow(Branch(3, span.get())) || InOwnFlow(Sleep(std::chrono::hours(1))));
    EXPECT_EQ(first_done.index(), 0u);
    EXPECT_EQ(CurrentSpan(), span.get());
#endif
  };
  net::co_spawn(NewFlow(io_.get_executor()), parent, net::detached);
  io_.run();
  EXPECT_EQ(sum, 3);
}

// The same with the sdk: parents as a collector sees them.
TEST_F(AsioTest, ParentsAreRightWhenExported) {
  sdk::FakeCollector collector;
  sdk::ProviderCore& core = sdk::MakeProviderCore({}, collector.factory());
  const auto tracer = core.GetTracer("test", "", "");
  const auto request = [&](int number) -> awaitable<void> {
    const std::string name = std::to_string(number);
    const SpanPtr outer = tracer->StartSpan(name + "/outer");
    const trace::Scope outer_scope(outer);
    co_await Yield();
    {
      const SpanPtr inner = tracer->StartSpan(name + "/inner");
      const trace::Scope inner_scope(inner);
      co_await Sleep(std::chrono::microseconds(number % 50));
      tracer->StartSpan(name + "/leaf")->End();
    }
    co_await Yield();
    tracer->StartSpan(name + "/last")->End();
  };
  constexpr int kCount = 1'000;
  for (int i = 0; i < kCount; ++i) {
    net::co_spawn(
        NewFlow(io_.get_executor()), [&request, i] { return request(i); }, net::detached);
  }
  RunOnThreads(io_, 2);
  EXPECT_TRUE(core.Shutdown(std::chrono::seconds(20)));
  std::map<std::string, std::string> ids;
  for (const auto& span : collector.Spans()) ids[span.name()] = span.span_id();
  ASSERT_EQ(ids.size(), 4u * kCount);
  for (const auto& span : collector.Spans()) {
    const size_t slash = span.name().find('/');
    const std::string request_name = span.name().substr(0, slash);
    const std::string step = span.name().substr(slash + 1);
    const std::string parent = step == "outer" ? "" : step == "leaf" ? "/inner" : "/outer";
    EXPECT_EQ(span.parent_span_id(), parent.empty() ? "" : ids[request_name + parent]);
  }
}

#endif  // BOOST_ASIO_HAS_CO_AWAIT

}  // namespace
}  // namespace spandrel::asio
