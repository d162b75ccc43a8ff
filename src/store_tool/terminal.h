// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <csignal>
#include <cstdint>
#include <string>

namespace spandrel::store_tool {

// Exit status of a command that a signal ended.
inline constexpr int kInterruptedStatus = 130;

// SIGINT and SIGTERM as a question that a command asks from time to time. One at a time, of the
// main thread; threads that are started between its making and Listen never see the signals.
class Interrupts {
 public:
  Interrupts();
  // From here on a system call that waits is woken.
  void Listen();
  bool came() const;

 private:
  sigset_t signals_;
};

// A line on standard error that is written over and over, when that is a terminal. One thread.
class ProgressLine {
 public:
  explicit ProgressLine(std::string what);
  // Takes the line away.
  ~ProgressLine() { Clear(); }

  // `total_bytes` is 0 when it is not known.
  void Show(uint64_t spans, uint64_t bytes, uint64_t total_bytes);
  // The same, of `total_spans`.
  void ShowSpans(uint64_t spans, uint64_t total_spans);
  // The text alone.
  void ShowText(const std::string& text);
  void Clear();

 private:
  bool IsDue();
  void Print(uint64_t spans, uint64_t done, uint64_t total, const std::string& rest);
  void Write(const std::string& text);

  using Clock = std::chrono::steady_clock;
  const std::string what_;
  const bool is_terminal_;
  const Clock::time_point started_ = Clock::now();
  Clock::time_point shown_at_;
  bool shown_ = false;
};

// "1,234,567".
std::string WithCommas(uint64_t number);
// "2026-08-20T10:00:00Z".
std::string FormatTime(uint64_t unix_nano);

}  // namespace spandrel::store_tool
