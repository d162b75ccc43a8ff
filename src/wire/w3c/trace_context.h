// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "span/ids.h"

// W3C Trace Context, level 2 (https://www.w3.org/TR/trace-context-2/), with keys of tracestate as
// its editors have them since 2026: an at sign is a character like others. Nothing here allocates
// but FormatTraceState, for its result.
namespace spandrel::wire {

inline constexpr uint8_t kSampledFlag = 0x01;
inline constexpr uint8_t kRandomFlag = 0x02;

struct TraceParent {
  span::TraceId trace_id;
  span::SpanId span_id;
  uint8_t flags = 0;

  bool sampled() const { return (flags & kSampledFlag) != 0; }
  bool random() const { return (flags & kRandomFlag) != 0; }
  friend bool operator==(const TraceParent&, const TraceParent&) = default;
};

inline constexpr size_t kTraceParentSize = 55;

// Reads a `traceparent` header; blanks around it are allowed. Nothing when it breaks the rules:
// lower-case digits only, no zero id, not version ff, exactly 55 characters in version 00. Later
// versions may go on after another dash. Only the flags that level 2 knows are kept.
std::optional<TraceParent> ParseTraceParent(std::string_view header);

// "00-<trace id>-<span id>-<flags>".
std::array<char, kTraceParentSize> FormatTraceParent(const TraceParent& parent);

struct TraceStateMember {
  std::string_view key;
  std::string_view value;
};

inline constexpr size_t kMaxTraceStateMembers = 32;
// What is read of all `tracestate` lines of a message together; more is treated as absent.
inline constexpr size_t kMaxTraceStateBytes = 8192;
// What is sent on: members over 128 characters go first when it is more, then the last ones.
inline constexpr size_t kMaxTraceStateKept = 512;

// The members of a `tracestate`, newest first, as views into the header lines.
class TraceState {
 public:
  // Reads the header lines of one message in order. Empty when any member is malformed, when there
  // are more than 32, and when the lines are longer than kMaxTraceStateBytes together. Keys given
  // twice are kept as they came.
  static TraceState Parse(std::span<const std::string_view> lines);
  static TraceState Parse(std::string_view line) { return Parse({&line, 1}); }

  std::span<const TraceStateMember> members() const { return {members_.data(), size_}; }
  bool empty() const { return size_ == 0; }
  std::optional<std::string_view> Find(std::string_view key) const;

  // Puts a member in front, in place of one with the same key; the last one falls off when there
  // are 32. False, and nothing changes, when key or value is malformed. The views must outlive
  // this.
  bool Set(std::string_view key, std::string_view value);

 private:
  bool ParseLine(std::string_view line);

  std::array<TraceStateMember, kMaxTraceStateMembers> members_;
  size_t size_ = 0;
};

enum class TraceStateForm : uint8_t {
  kEmpty,      // without a member
  kMalformed,  // what TraceState::Parse refuses
  kReady,      // written as FormatTraceState would, so that it may be sent on as it is
  kLoose,      // with blanks or empty members, or too long to be sent on whole
};

// What TraceState::Parse would say to a line, without keeping the members: the common case of a
// service that only passes it on.
TraceStateForm CheckTraceState(std::string_view line);

// The header line, at most kMaxTraceStateKept characters.
std::string FormatTraceState(const TraceState& state);

// A small letter or digit, then at most 255 of those and of `_-*/@`.
bool IsTraceStateKey(std::string_view key);
bool IsTraceStateValue(std::string_view value);

}  // namespace spandrel::wire
