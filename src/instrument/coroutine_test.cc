// SPDX-License-Identifier: Apache-2.0
// A coroutine type of our own whose coroutines wander between threads.
#include <version>
#if defined(__cpp_impl_coroutine)
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <coroutine>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "opentelemetry/trace/default_span.h"
#include "opentelemetry/trace/scope.h"
#include "spandrel/coroutine.h"

namespace spandrel {
namespace {

namespace trace = opentelemetry::trace;
using context::CurrentSpan;
using SpanPtr = opentelemetry::nostd::shared_ptr<trace::Span>;

SpanPtr NewSpan() {
  return SpanPtr(new trace::DefaultSpan(trace::SpanContext::GetInvalid()));
}

// Threads that resume coroutines in the order in which they asked for it.
class Pool {
 public:
  explicit Pool(int threads) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
  }
  ~Pool() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      changed_.notify_all();
    }
    for (std::thread& thread : threads_) thread.join();
  }
  void Resume(std::coroutine_handle<> handle) {
    const std::lock_guard lock(mutex_);
    ready_.push_back(handle);
    changed_.notify_one();
  }
  // co_await pool.Hop(): go on on some thread of the pool.
  auto Hop() {
    struct Awaiter {
      Pool& pool;
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<> handle) const { pool.Resume(handle); }
      void await_resume() const noexcept {}
    };
    return Awaiter{*this};
  }
  std::atomic<int> leaks{0};

 private:
  void Work() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return stopping_ || !ready_.empty(); });
      if (ready_.empty()) return;
      const std::coroutine_handle<> handle = ready_.front();
      ready_.pop_front();
      lock.unlock();
      handle.resume();
      if (CurrentSpan() != nullptr) ++leaks;
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::coroutine_handle<>> ready_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

// Starts when awaited and goes on with who awaits it.
class Task {
 public:
  struct promise_type : TracedPromise {
    struct Final {
      bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(
          std::coroutine_handle<promise_type> handle) const noexcept {
        return handle.promise().waiting;
      }
      void await_resume() const noexcept {}
    };
    Task get_return_object() {
      return Task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    auto initial_suspend() noexcept { return Keep(std::suspend_always()); }
    auto final_suspend() noexcept { return Keep(Final()); }
    void return_void() const noexcept {}
    void unhandled_exception() noexcept { error = std::current_exception(); }

    std::coroutine_handle<> waiting = std::noop_coroutine();
    std::exception_ptr error;
  };

  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  ~Task() {
    if (handle_) handle_.destroy();
  }
  std::coroutine_handle<> handle() const { return handle_; }

  auto operator co_await() const {
    struct Awaiter {
      std::coroutine_handle<promise_type> task;
      bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiting) const noexcept {
        task.promise().waiting = waiting;
        return task;
      }
      void await_resume() const {
        if (task.promise().error) std::rethrow_exception(task.promise().error);
      }
    };
    return Awaiter{handle_};
  }

 private:
  std::coroutine_handle<promise_type> handle_;
};

struct Counts {
  std::atomic<int> wrong{0};
  std::atomic<int> done{0};
  void Expect(const trace::Span* span) {
    if (CurrentSpan() != span) ++wrong;
  }
};

Task Nest(Pool& pool, int depth, const trace::Span* outer, Counts& counts) {
  counts.Expect(outer);
  const SpanPtr span = NewSpan();
  const trace::Scope scope(span);
  co_await pool.Hop();
  counts.Expect(span.get());
  if (depth > 0) {
    co_await Nest(pool, depth - 1, span.get(), counts);
  } else {
    co_await std::suspend_never();
  }
  counts.Expect(span.get());
  co_await pool.Hop();
  counts.Expect(span.get());
}

Task Request(Pool& pool, int depth, const trace::Span* outer, Counts& counts) {
  co_await pool.Hop();
  co_await Nest(pool, depth, outer, counts);
  counts.Expect(outer);
  ++counts.done;
}

TEST(CoroutineTest, ScopesStayWithTheirCoroutine) {
  context::Install();
  Counts counts;
  std::vector<Task> requests;
  std::vector<SpanPtr> spans;
  constexpr int kCount = 2'000;
  {
    Pool pool(2);
    for (int i = 0; i < kCount; ++i) {
      spans.push_back(NewSpan());
      const trace::Scope scope(spans.back());
      requests.push_back(Request(pool, i % 8, spans.back().get(), counts));
      requests.back().handle().resume();
      counts.Expect(spans.back().get());
    }
    while (counts.done < kCount) std::this_thread::yield();
    EXPECT_EQ(pool.leaks, 0);
  }
  EXPECT_EQ(counts.wrong, 0);
}

struct Refuses {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) const { throw std::runtime_error("refused"); }
  void await_resume() const noexcept {}
};

Task Throws(Pool& pool) {
  const SpanPtr span = NewSpan();
  const trace::Scope scope(span);
  co_await pool.Hop();
  throw std::runtime_error("thrown");
}

Task Catches(Pool& pool, Counts& counts) {
  const SpanPtr span = NewSpan();
  const trace::Scope scope(span);
  try {
    co_await Throws(pool);
  } catch (const std::runtime_error&) {
    counts.Expect(span.get());
    ++counts.done;
  }
  try {
    co_await Refuses();
  } catch (const std::runtime_error&) {
    counts.Expect(span.get());
    ++counts.done;
  }
}

TEST(CoroutineTest, ExceptionsUnwindTheScopes) {
  context::Install();
  Counts counts;
  std::optional<Task> task;
  {
    Pool pool(1);
    task.emplace(Catches(pool, counts));
    task->handle().resume();
    while (counts.done < 2) std::this_thread::yield();
  }
  EXPECT_EQ(counts.wrong, 0);
  EXPECT_EQ(counts.done, 2);
  EXPECT_EQ(CurrentSpan(), nullptr);
}

TEST(CoroutineTest, SuspendedCoroutinesMayBeDestroyed) {
  context::Install();
  const auto value = std::make_shared<trace::DefaultSpan>(trace::SpanContext::GetInvalid());
  Pool idle(0);
  const auto waits = [&]() -> Task {
    const SpanPtr span{std::shared_ptr<trace::Span>(value)};
    const trace::Scope scope(span);
    co_await idle.Hop();
  };
  {
    const Task task = waits();
    task.handle().resume();
    EXPECT_GT(value.use_count(), 1);
    EXPECT_EQ(CurrentSpan(), nullptr);
  }
  EXPECT_EQ(value.use_count(), 1);
}

}  // namespace
}  // namespace spandrel
#endif  // __cpp_impl_coroutine
