// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "opentelemetry/context/context.h"
#include "opentelemetry/context/runtime_context.h"
#include "opentelemetry/nostd/shared_ptr.h"
#include "opentelemetry/nostd/unique_ptr.h"
#include "opentelemetry/trace/noop.h"
#include "opentelemetry/trace/span.h"
#include "opentelemetry/trace/span_metadata.h"
#include "spandrel/detail/context_stack.h"

// Where the current context of each thread is kept, behind the API's RuntimeContext, and how it
// comes along to other threads. Needs only the OpenTelemetry API.
//
// spandrel::sdk::Init installs the storage. An application with another tracer calls Install().
namespace spandrel::context {

// True when the storage of this header is the API's storage.
inline bool Installed() noexcept {
  const auto storage = opentelemetry::context::RuntimeContext::GetConstRuntimeContextStorage();
  return storage.get() == &detail::Storage::Instance();
}

// True once Install() was called. Cheap, but does not see that another storage was put in place
// afterwards, which the API does not allow either once there are spans.
inline bool InUse() noexcept {
  return detail::in_use.load(std::memory_order_relaxed);
}

// Makes it so, in place of any other. Before other threads start and before the first span.
inline void Install() noexcept {
  using ApiStorage = opentelemetry::context::RuntimeContextStorage;
  if (Installed()) return;
  // Without a control block: each use of the current context copies this pointer, and threads would
  // contend for its count.
  const std::shared_ptr<ApiStorage> uncounted(std::shared_ptr<void>(),
                                              &detail::Storage::Instance());
  opentelemetry::context::RuntimeContext::SetRuntimeContextStorage(
      opentelemetry::nostd::shared_ptr<ApiStorage>(uncounted));
  detail::in_use = true;
}

// The current span of this thread, without counting a reference: null when there is none and when
// the storage is not Installed(). Valid while the context that holds it stays attached.
//
// Not inlined, like all that looks at thread-local data here: compilers may keep the address of a
// thread-local variable in a coroutine, which then goes on on another thread.
[[gnu::noinline]] inline const Span* CurrentSpan() noexcept {
  detail::Frames& frames = detail::t_contexts.active();
  return frames.depth() == 0 ? nullptr : frames.top().span();
}

// The context with that span as its span. As it is when the span is one of the API's no-op tracer,
// which has no ids: a service without a tracer passes its caller's trace on.
inline Context WithSpan(Context& context,
                        const opentelemetry::nostd::shared_ptr<Span>& span) noexcept {
  const Span& started = *span;
  if (typeid(started) == typeid(opentelemetry::trace::NoopSpan)) return context;
  return context.SetValue(opentelemetry::trace::kSpanKey, span);
}

// Makes a context current from its construction to its destruction, on one thread or in one flow
// (Stack). What was attached meanwhile and forgotten is detached with it. Works with any storage;
// with ours nothing is allocated.
class Attached {
 public:
  explicit Attached(const Context& context) noexcept {
    if (!Installed()) {
      token_ = opentelemetry::context::RuntimeContext::Attach(context);
      return;
    }
    Push(context);
  }
  Attached(const Attached&) = delete;
  Attached& operator=(const Attached&) = delete;
  ~Attached() {
    if (frames_ != nullptr) Pop();
  }

 private:
  [[gnu::noinline]] void Push(const Context& context) noexcept {
    frames_ = &detail::t_contexts.active();
    depth_ = frames_->depth();
    detail::Push(context);
  }
  [[gnu::noinline]] void Pop() const noexcept {
    if (frames_ == &detail::t_contexts.active()) detail::CutTo(depth_);
  }

  detail::Frames* frames_ = nullptr;  // null: token_ is used
  uint32_t depth_ = 0;
  opentelemetry::nostd::unique_ptr<opentelemetry::context::Token> token_;
};

// The contexts of one flow of control that wanders between threads, such as a coroutine or a chain
// of handlers: a Scope opened in it stays open when the flow goes on on another thread, and is not
// seen by what else a thread runs meanwhile. Needs the storage to be Installed().
//
// Used by one thread at a time, with a happens-before edge between them, as coroutines and strands
// have it. Must not be destroyed between Enter and Leave on another thread.
class Stack {
 public:
  // `base` is current where the flow has attached nothing.
  explicit Stack(const Context& base) noexcept { frames_.Push(base); }
  Stack() noexcept : Stack(opentelemetry::context::RuntimeContext::GetCurrent()) {}
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;
  ~Stack() {
    if (active()) Leave();
    frames_.Release();
  }

  // From Enter to Leave this is the stack of the calling thread. Flows may nest on a thread: the
  // last one entered is the first to be left.
  [[gnu::noinline]] void Enter() noexcept {
    outer_ = detail::t_contexts.entered;
    detail::t_contexts.entered = &frames_;
  }
  [[gnu::noinline]] void Leave() noexcept { detail::t_contexts.entered = outer_; }
  // True between Enter and Leave on this thread, if no other stack was entered since.
  [[gnu::noinline]] bool active() const noexcept { return detail::t_contexts.entered == &frames_; }

 private:
  detail::Frames frames_;
  detail::Frames* outer_ = nullptr;
};

// Enters a stack for as long as it lives.
class Entered {
 public:
  explicit Entered(Stack& stack) noexcept : stack_(stack) { stack_.Enter(); }
  Entered(const Entered&) = delete;
  Entered& operator=(const Entered&) = delete;
  ~Entered() { stack_.Leave(); }

 private:
  Stack& stack_;
};

}  // namespace spandrel::context

namespace spandrel {

// A function that runs with the context that was current when it was made. Copyable if `Function`
// is; takes and returns what `Function` does and throws what it throws.
template <typename Function>
class TracedFunction {
 public:
  explicit TracedFunction(Function function)
      : TracedFunction(opentelemetry::context::RuntimeContext::GetCurrent(), std::move(function)) {}
  // With that context instead.
  TracedFunction(const context::Context& context, Function function)
      : context_(context), function_(std::move(function)) {}

  template <typename... Args>
  std::invoke_result_t<Function&, Args...> operator()(Args&&... args) & noexcept(
      std::is_nothrow_invocable_v<Function&, Args...>) {
    const context::Attached attached(context_);
    return std::invoke(function_, std::forward<Args>(args)...);
  }
  template <typename... Args>
  std::invoke_result_t<const Function&, Args...> operator()(Args&&... args) const& noexcept(
      std::is_nothrow_invocable_v<const Function&, Args...>) {
    const context::Attached attached(context_);
    return std::invoke(function_, std::forward<Args>(args)...);
  }
  template <typename... Args>
  std::invoke_result_t<Function, Args...> operator()(Args&&... args) && noexcept(
      std::is_nothrow_invocable_v<Function, Args...>) {
    const context::Attached attached(context_);
    return std::invoke(std::move(function_), std::forward<Args>(args)...);
  }

  const Function& function() const noexcept { return function_; }

 private:
  context::Context context_;
  Function function_;
};

// For thread pools, std::thread and std::async: pool.Submit(spandrel::Traced([] { ... })). Spans
// started inside become children of the span that is current here.
template <typename Function>
TracedFunction<std::decay_t<Function>> Traced(Function&& function) {
  return TracedFunction<std::decay_t<Function>>(std::forward<Function>(function));
}

}  // namespace spandrel
