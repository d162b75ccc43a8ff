// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <new>
#include <utility>

#include "opentelemetry/context/context.h"
#include "opentelemetry/context/runtime_context.h"
#include "opentelemetry/nostd/shared_ptr.h"
#include "opentelemetry/nostd/unique_ptr.h"
#include "opentelemetry/trace/span.h"
#include "opentelemetry/trace/span_metadata.h"

// The storage of the current context: a stack for each thread, and what the API asks of it. For
// spandrel/context.h, which is what applications and adapters use.
namespace spandrel::context {

using Context = opentelemetry::context::Context;
using Span = opentelemetry::trace::Span;

namespace detail {

// One attached context. The span in it is looked up once, when first asked for.
class Frame {
 public:
  explicit Frame(const Context& attached) noexcept : context_(attached) {}
  const Context& context() const noexcept { return context_; }
  const Span* span() noexcept {
    if (!looked_) span_ = FindSpan();
    looked_ = true;
    return span_;
  }

 private:
  // The context, which never changes, keeps the span alive.
  const Span* FindSpan() const noexcept {
    namespace nostd = opentelemetry::nostd;
    const auto value = context_.GetValue(opentelemetry::trace::kSpanKey);
    const auto* const span = nostd::get_if<nostd::shared_ptr<Span>>(&value);
    return span != nullptr ? span->get() : nullptr;
  }

  Context context_;
  const Span* span_ = nullptr;
  bool looked_ = false;
};

// A stack of frames, the first few in place. Plain data, so that a thread's own stack may be used
// at any time of the thread's life; who needs it no longer calls Release.
class Frames {
 public:
  constexpr Frames() noexcept = default;
  Frames(const Frames&) = delete;
  Frames& operator=(const Frames&) = delete;

  uint32_t depth() const noexcept { return depth_; }
  Frame& top() noexcept { return data()[depth_ - 1]; }

  void Push(const Context& context) noexcept {
    if (depth_ == capacity_) Grow();
    new (data() + depth_) Frame(context);
    ++depth_;
  }
  // Drops frames from the top until `depth` are left. Spans that end by it may use the stack.
  void CutTo(uint32_t depth) noexcept {
    while (depth_ > depth) {
      const Frame dropped = std::move(top());
      top().~Frame();
      --depth_;
    }
  }
  void Release() noexcept {
    CutTo(0);
    ::operator delete(heap_);
    heap_ = nullptr;
    capacity_ = kInPlace;
  }
  // The depth below the topmost frame of that token, which must lie above `floor`; else kNone.
  uint32_t DepthBelow(const opentelemetry::context::Token& token, uint32_t floor) noexcept {
    for (uint32_t depth = depth_; depth > floor; --depth) {
      if (token == data()[depth - 1].context()) return depth - 1;
    }
    return kNone;
  }
  static constexpr uint32_t kNone = UINT32_MAX;

 private:
  static constexpr uint32_t kInPlace = 4;

  Frame* data() noexcept {
    return heap_ != nullptr ? heap_ : std::launder(reinterpret_cast<Frame*>(in_place_));
  }
  void Grow() noexcept {
    auto* const grown = static_cast<Frame*>(::operator new(sizeof(Frame) * capacity_ * 2));
    for (uint32_t i = 0; i < depth_; ++i) {
      new (grown + i) Frame(std::move(data()[i]));
      data()[i].~Frame();
    }
    ::operator delete(heap_);
    heap_ = grown;
    capacity_ *= 2;
  }

  Frame* heap_ = nullptr;  // once in_place_ was too small
  uint32_t depth_ = 0;
  uint32_t capacity_ = kInPlace;
  alignas(Frame) unsigned char in_place_[kInPlace * sizeof(Frame)] = {};
};

// What each thread keeps. `entered` belongs to a Stack, whose lowest frame is never detached.
struct ThreadContexts {
  Frames own;
  Frames* entered = nullptr;
  bool hooked = false;
  bool exiting = false;

  Frames& active() noexcept { return entered != nullptr ? *entered : own; }
  uint32_t floor() const noexcept { return entered != nullptr ? 1 : 0; }
};
inline thread_local ThreadContexts t_contexts;
inline std::atomic<bool> in_use{false};

inline void HookThreadExit() noexcept {
  struct Hook {
    ~Hook() {
      t_contexts.exiting = true;
      t_contexts.own.Release();
    }
    bool armed = false;
  };
  static thread_local Hook hook;
  hook.armed = true;
  t_contexts.hooked = true;
}

inline void Push(const Context& context) noexcept {
  if (!t_contexts.hooked) HookThreadExit();
  t_contexts.active().Push(context);
}

inline void CutTo(uint32_t depth) noexcept {
  Frames& frames = t_contexts.active();
  frames.CutTo(depth);
  if (t_contexts.exiting && depth == 0) frames.Release();
}

// Like the API's ThreadLocalContextStorage: detaching a context that is not on top detaches those
// above it too; detaching one that this thread does not have does nothing.
class Storage final : public opentelemetry::context::RuntimeContextStorage {
 public:
  using Token = opentelemetry::context::Token;

  Context GetCurrent() noexcept override {
    Frames& frames = t_contexts.active();
    return frames.depth() == 0 ? Context() : frames.top().context();
  }
  opentelemetry::nostd::unique_ptr<Token> Attach(const Context& context) noexcept override {
    Push(context);
    return CreateToken(context);
  }
  bool Detach(Token& token) noexcept override {
    const uint32_t depth = t_contexts.active().DepthBelow(token, t_contexts.floor());
    if (depth == Frames::kNone) return false;
    CutTo(depth);
    return true;
  }

  // Never destroyed: spans start and end in static destructors too.
  static Storage& Instance() noexcept {
    static Storage* const storage = new Storage;
    return *storage;
  }
};

}  // namespace detail
}  // namespace spandrel::context
