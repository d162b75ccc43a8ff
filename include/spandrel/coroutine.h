// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <type_traits>
#include <utility>

#include "spandrel/context.h"

// C++20 coroutine types of your own: a Scope that lives across co_await stays with its coroutine.
// For boost::asio::awaitable see spandrel/asio.h. Needs context::Installed().
//
//   struct promise_type : spandrel::TracedPromise {
//     auto initial_suspend() noexcept { return Keep(std::suspend_always()); }
//     auto final_suspend() noexcept { return Keep(FinalAwaiter()); }
//     ...
//   };
namespace spandrel {

// An awaiter around another one: takes the coroutine's stack off the thread when it suspends and
// puts it onto the thread on which it goes on.
template <typename Awaiter>
class KeepingAwaiter {
 public:
  KeepingAwaiter(context::Stack& stack, Awaiter&& awaiter)
      : stack_(stack), awaiter_(std::forward<Awaiter>(awaiter)) {}

  bool await_ready() noexcept(noexcept(std::declval<Awaiter&>().await_ready())) {
    return static_cast<bool>(awaiter_.await_ready());
  }
  // The inner awaiter may let another thread go on with the coroutine at once, so nothing of it is
  // used after.
  template <typename Promise>
  auto await_suspend(std::coroutine_handle<Promise> handle) noexcept(
      noexcept(std::declval<Awaiter&>().await_suspend(handle))) {
    if (stack_.active()) stack_.Leave();
    if constexpr (noexcept(awaiter_.await_suspend(handle))) {
      return awaiter_.await_suspend(handle);
    } else {
      try {
        return awaiter_.await_suspend(handle);
      } catch (...) {  // then the coroutine goes on here
        stack_.Enter();
        throw;
      }
    }
  }
  decltype(auto) await_resume() noexcept(noexcept(std::declval<Awaiter&>().await_resume())) {
    if (!stack_.active()) stack_.Enter();
    return awaiter_.await_resume();
  }

 private:
  context::Stack& stack_;
  Awaiter awaiter_;
};

// A base for promise types. The coroutine begins with the context of its caller. Whatever it awaits
// goes through Keep; initial_suspend and final_suspend must do so too. unhandled_exception must
// not throw.
class TracedPromise {
 public:
  template <typename Awaitable>
  auto await_transform(Awaitable&& awaitable) {
    return Keep(std::forward<Awaitable>(awaitable));
  }

 protected:
  template <typename Awaitable>
  auto Keep(Awaitable&& awaitable) {
    if constexpr (requires { std::forward<Awaitable>(awaitable).operator co_await(); }) {
      return Wrap(std::forward<Awaitable>(awaitable).operator co_await());
    } else if constexpr (requires { operator co_await(std::forward<Awaitable>(awaitable)); }) {
      return Wrap(operator co_await(std::forward<Awaitable>(awaitable)));
    } else {
      return Wrap(std::forward<Awaitable>(awaitable));
    }
  }

 private:
  template <typename Awaiter>
  KeepingAwaiter<Awaiter> Wrap(Awaiter&& awaiter) {
    return {stack_, std::forward<Awaiter>(awaiter)};
  }

  context::Stack stack_;
};

}  // namespace spandrel
