// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/require.hpp>
#include <list>
#include <memory>
#include <mutex>
#include <utility>

#include "spandrel/context.h"

// What the executors of spandrel/asio.h share when they run one coroutine. Applications make one by
// spandrel::asio::NewFlow.
namespace spandrel::asio {

// The stack of contexts of a coroutine or a chain of handlers, shared by the executors that run it.
// Runs one function at a time: a coroutine may be ready to go on on another thread before the
// thread that it was suspended on has left it. Thread-safe.
class Flow : public std::enable_shared_from_this<Flow> {
 public:
  // `inner` runs what had to wait; `base` is the context that the flow begins with.
  Flow(const ::boost::asio::any_io_executor& inner, const context::Context& base)
      : inner_(::boost::asio::require(inner, ::boost::asio::execution::blocking.never)),
        stack_(base) {}

  // Runs `function` now, or when those that came before it are done.
  template <typename Function>
  void Run(Function& function) {
    if (stack_.active()) return function();
    {
      const std::lock_guard lock(mutex_);
      if (busy_) {
        waiting_.push_back(std::make_unique<Waiting<Function>>(std::move(function)));
        return;
      }
      busy_ = true;
    }
    const Turn turn(*this);
    function();
  }

 private:
  struct Work {
    virtual ~Work() = default;
    virtual void Run() = 0;
  };
  template <typename Function>
  struct Waiting final : Work {
    explicit Waiting(Function&& waiting) : function(std::move(waiting)) {}
    void Run() override { function(); }
    Function function;
  };

  class Turn {
   public:
    explicit Turn(Flow& flow) noexcept : flow_(flow) { flow_.stack_.Enter(); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() {
      flow_.stack_.Leave();
      flow_.EndTurn();
    }

   private:
    Flow& flow_;
  };

  void EndTurn() {
    {
      const std::lock_guard lock(mutex_);
      busy_ = !waiting_.empty();
      if (!busy_) return;
    }
    inner_.execute([flow = shared_from_this()] {
      const Turn turn(*flow);
      flow->TakeWaiting()->Run();
    });
  }
  std::unique_ptr<Work> TakeWaiting() {
    const std::lock_guard lock(mutex_);
    std::unique_ptr<Work> first = std::move(waiting_.front());
    waiting_.pop_front();
    return first;
  }

  const ::boost::asio::any_io_executor inner_;
  context::Stack stack_;  // of the thread whose turn it is
  std::mutex mutex_;
  bool busy_ = false;                         // guarded by mutex_
  std::list<std::unique_ptr<Work>> waiting_;  // guarded by mutex_
};

}  // namespace spandrel::asio
