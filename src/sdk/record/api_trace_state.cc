// SPDX-License-Identifier: Apache-2.0
#include "sdk/record/api_trace_state.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>

#include "wire/w3c/trace_context.h"

namespace spandrel::sdk {
namespace {

using opentelemetry::trace::TraceState;
using TraceStatePtr = opentelemetry::nostd::shared_ptr<TraceState>;

// Who parses is inside; once it is closed nobody enters.
class Gate {
 public:
  bool Enter() {
    ++inside_;
    if (!closed_) return true;
    Leave();
    return false;
  }
  void Leave() { --inside_; }
  // Waits until nobody is inside. Not for ever: after a fork the child counts threads that it does
  // not have.
  void Close() {
    constexpr std::chrono::milliseconds kLongest{100};
    closed_ = true;
    const auto deadline = std::chrono::steady_clock::now() + kLongest;
    while (inside_ > 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  }

 private:
  std::atomic<int> inside_{0};
  std::atomic<bool> closed_{false};
};

constinit Gate g_gate;

TraceStatePtr Parse(const std::string& text) {
  TraceStatePtr all = TraceState::FromHeader(text);
  if (!all->Empty()) return all;
  std::string known;
  const wire::TraceState state = wire::TraceState::Parse(text);
  for (const auto& [key, value] : state.members()) {
    if (!TraceState::IsValidKey({key.data(), key.size()})) continue;
    if (!known.empty()) known += ',';
    known.append(key).append("=").append(value);
  }
  return TraceState::FromHeader(known);
}

// Makes the API's regular expressions, and then a hook that therefore runs before they are
// destroyed.
void PrepareForExit() {
  (void)TraceState::FromHeader("a=1");
  std::atexit([] { g_gate.Close(); });
}

}  // namespace

TraceStatePtr ToApiTraceState(const TraceStateText& text) {
  if (text == nullptr) return TraceState::GetDefault();
  static std::once_flag prepared;
  std::call_once(prepared, PrepareForExit);
  if (!g_gate.Enter()) return TraceState::GetDefault();
  TraceStatePtr state = Parse(*text);
  g_gate.Leave();
  return state;
}

}  // namespace spandrel::sdk
