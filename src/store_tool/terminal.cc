// SPDX-License-Identifier: Apache-2.0
#include "store_tool/terminal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <utility>

#include "base/time_text.h"
#include "config/byte_size.h"

namespace spandrel::store_tool {
namespace {

constexpr std::chrono::milliseconds kShowInterval{200};
constexpr size_t kBarWidth = 24;
constexpr uint64_t kNanosPerSecond = 1'000'000'000;

std::atomic<bool> interrupted{false};

}  // namespace

Interrupts::Interrupts() {
  sigemptyset(&signals_);
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = true; };
  for (const int signal : {SIGINT, SIGTERM}) {
    sigaddset(&signals_, signal);
    sigaction(signal, &action, nullptr);
  }
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
}

void Interrupts::Listen() {
  pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
}

bool Interrupts::came() const {
  return interrupted;
}

ProgressLine::ProgressLine(std::string what)
    : what_(std::move(what)), is_terminal_(isatty(STDERR_FILENO) != 0) {}

void ProgressLine::Show(uint64_t spans, uint64_t bytes, uint64_t total_bytes) {
  if (!IsDue()) return;
  const double seconds = std::chrono::duration<double>(Clock::now() - started_).count();
  const auto rate = static_cast<uint64_t>(static_cast<double>(bytes) / seconds);
  Print(spans, bytes, total_bytes, fmt::format(", {}/s", config::FormatByteSize(rate)));
}

void ProgressLine::ShowSpans(uint64_t spans, uint64_t total_spans) {
  if (IsDue()) Print(spans, spans, total_spans, "");
}

void ProgressLine::ShowText(const std::string& text) {
  if (IsDue()) Write(text);
}

void ProgressLine::Print(uint64_t spans, uint64_t done, uint64_t total, const std::string& rest) {
  const double seconds = std::chrono::duration<double>(Clock::now() - started_).count();
  const auto rate = static_cast<uint64_t>(static_cast<double>(spans) / seconds);
  std::string bar;
  if (total > 0) {
    const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    const auto filled = static_cast<size_t>(share * kBarWidth);
    bar = fmt::format(" [{}{}] {:3.0f} %", std::string(filled, '#'),
                      std::string(kBarWidth - filled, '.'), share * 100);
  }
  Write(fmt::format("{}{} {} spans, {} spans/s{}", what_, bar, WithCommas(spans), WithCommas(rate),
                    rest));
}

void ProgressLine::Write(const std::string& text) {
  fmt::print(stderr, "\r\033[K{}", text);
  std::fflush(stderr);
  shown_ = true;
}

void ProgressLine::Clear() {
  if (!shown_) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
  shown_ = false;
}

bool ProgressLine::IsDue() {
  const auto now = Clock::now();
  if (!is_terminal_ || now - std::max(shown_at_, started_) < kShowInterval) return false;
  shown_at_ = now;
  return true;
}

std::string WithCommas(uint64_t number) {
  std::string text = std::to_string(number);
  for (size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ',');
  return text;
}

std::string FormatTime(uint64_t unix_nano) {
  return base::Rfc3339Text(unix_nano - unix_nano % kNanosPerSecond);
}

}  // namespace spandrel::store_tool
