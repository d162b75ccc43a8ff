// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/require.hpp>
#include <memory>
#include <type_traits>
#include <utility>
#if __has_include(<boost/asio/associator.hpp>)
#include <boost/asio/associator.hpp>
#endif
#if defined(BOOST_ASIO_HAS_CO_AWAIT)
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#endif

#include "spandrel/context.h"
#include "spandrel/detail/asio_flow.h"

// Boost.Asio (1.74 and newer): the current span comes along with handlers and coroutines.
//
//   co_spawn(spandrel::asio::NewFlow(executor), Serve(std::move(socket)), detached);
//   post(spandrel::asio::Propagating(pool.get_executor()), [] { ... });
//   timer.async_wait(spandrel::Traced([](error_code error) { ... }));
//
// Inside a coroutine that was spawned so, a Scope may live across co_await: it stays with the
// coroutine, whichever thread goes on with it, and no other handler sees it.
namespace spandrel::asio {

// An executor that runs functions on another one, each with the right current context. Converts to
// any_io_executor, so that sockets, timers, strands and co_spawn take it. Thread-safe.
class Executor {
 public:
  using Inner = ::boost::asio::any_io_executor;

  // Without a flow (null), each function runs with the context in which it was submitted.
  Executor(Inner inner, std::shared_ptr<Flow> flow) noexcept
      : inner_(std::move(inner)), flow_(std::move(flow)) {}

  const Inner& inner() const noexcept { return inner_; }

  // What Asio asks of an executor.
  template <typename Function>
  void execute(Function&& function) const {
    if (flow_ == nullptr) return inner_.execute(Traced(std::forward<Function>(function)));
    inner_.execute([flow = flow_, run = std::decay_t<Function>(std::forward<Function>(
                                      function))]() mutable { flow->Run(run); });
  }
  template <typename Property,
            typename Result = ::boost::asio::query_result<const Inner&, Property>>
  std::enable_if_t<::boost::asio::can_query<const Inner&, Property>::value, typename Result::type>
  query(const Property& property) const {
    return ::boost::asio::query(inner_, property);
  }
  template <typename Property>
  std::enable_if_t<::boost::asio::can_require<const Inner&, Property>::value, Executor> require(
      const Property& property) const {
    return Executor(::boost::asio::require(inner_, property), flow_);
  }
  template <typename Property>
  std::enable_if_t<::boost::asio::can_prefer<const Inner&, Property>::value, Executor> prefer(
      const Property& property) const {
    return Executor(::boost::asio::prefer(inner_, property), flow_);
  }
  friend bool operator==(const Executor& a, const Executor& b) noexcept {
    return a.flow_ == b.flow_ && a.inner_ == b.inner_;
  }
  friend bool operator!=(const Executor& a, const Executor& b) noexcept { return !(a == b); }

 private:
  Inner inner_;
  std::shared_ptr<Flow> flow_;
};

// The executor below ours, if it is one of ours.
inline ::boost::asio::any_io_executor InnerOf(const ::boost::asio::any_io_executor& executor) {
  const auto* const ours = executor.target<Executor>();
  return ours != nullptr ? ours->inner() : executor;
}

// Runs each function with the context that is current where it is posted or dispatched. For pools.
// The handler of an asynchronous operation is posted when the operation is done; for those wrap the
// handler: spandrel::Traced(handler).
inline Executor Propagating(const ::boost::asio::any_io_executor& executor) {
  return Executor(InnerOf(executor), nullptr);
}

// An executor for one coroutine, or one chain of handlers, which begins with the context that is
// current here. Coroutines that run at the same time need one each: pass NewFlow(executor) to each
// co_spawn, also where a coroutine spawns another on its own executor. Needs context::Installed().
inline Executor NewFlow(const ::boost::asio::any_io_executor& executor) {
  const ::boost::asio::any_io_executor inner = InnerOf(executor);
  return Executor(
      inner, std::make_shared<Flow>(inner, opentelemetry::context::RuntimeContext::GetCurrent()));
}

#if defined(BOOST_ASIO_HAS_CO_AWAIT)
// For coroutines that one coroutine awaits together, which Asio runs on one executor:
//
//   co_await (InOwnFlow(First()) && InOwnFlow(Second()));
template <typename T>
::boost::asio::awaitable<T> InOwnFlow(::boost::asio::awaitable<T> work) {
  const ::boost::asio::any_io_executor executor = co_await ::boost::asio::this_coro::executor;
  co_return co_await ::boost::asio::co_spawn(NewFlow(executor), std::move(work),
                                             ::boost::asio::use_awaitable);
}
#endif

}  // namespace spandrel::asio

// Traced handlers keep what Asio associates with the handlers in them.
namespace boost::asio {

#if __has_include(<boost/asio/associator.hpp>)
template <template <typename, typename> class Associator, typename Function, typename Default>
struct associator<Associator, spandrel::TracedFunction<Function>, Default>
    : Associator<Function, Default> {
  static auto get(const spandrel::TracedFunction<Function>& traced) noexcept {
    return Associator<Function, Default>::get(traced.function());
  }
  static auto get(const spandrel::TracedFunction<Function>& traced,
                  const Default& candidate) noexcept {
    return Associator<Function, Default>::get(traced.function(), candidate);
  }
};
#else
template <typename Function, typename Default>
struct associated_executor<spandrel::TracedFunction<Function>, Default> {
  using type = typename associated_executor<Function, Default>::type;
  static type get(const spandrel::TracedFunction<Function>& traced,
                  const Default& candidate = Default()) noexcept {
    return associated_executor<Function, Default>::get(traced.function(), candidate);
  }
};
template <typename Function, typename Default>
struct associated_allocator<spandrel::TracedFunction<Function>, Default> {
  using type = typename associated_allocator<Function, Default>::type;
  static type get(const spandrel::TracedFunction<Function>& traced,
                  const Default& candidate = Default()) noexcept {
    return associated_allocator<Function, Default>::get(traced.function(), candidate);
  }
};
#endif

}  // namespace boost::asio
