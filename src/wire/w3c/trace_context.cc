// SPDX-License-Identifier: Apache-2.0
#include "wire/w3c/trace_context.h"

#include <algorithm>

#include "wire/w3c/header_hex.h"

namespace spandrel::wire {
namespace {

// What a character may be in a header.
enum CharClass : uint8_t {
  kKeyStart = 1,   // the first of a tracestate key
  kKeyChar = 2,    // another of a tracestate key
  kValueChar = 4,  // of a tracestate value, the blank included
};

constexpr std::array<uint8_t, 256> MakeClasses() {
  std::array<uint8_t, 256> classes{};
  for (int c = 0x20; c < 0x7f; ++c) {
    if (c != ',' && c != '=') classes[c] |= kValueChar;
  }
  for (int c = 'a'; c <= 'z'; ++c) classes[c] |= kKeyStart | kKeyChar;
  for (int c = '0'; c <= '9'; ++c) classes[c] |= kKeyStart | kKeyChar;
  for (const char c : {'_', '-', '*', '/', '@'}) classes[static_cast<uint8_t>(c)] |= kKeyChar;
  return classes;
}

constexpr std::array<uint8_t, 256> kClasses = MakeClasses();

// Where the parts of a traceparent start.
constexpr size_t kTraceIdAt = 3;
constexpr size_t kSpanIdAt = 36;
constexpr size_t kFlagsAt = 53;

constexpr size_t kMaxKeySize = 256;
constexpr size_t kMaxValueSize = 256;
constexpr size_t kLongMemberSize = 128;

bool Has(char c, uint8_t classes) {
  return (kClasses[static_cast<uint8_t>(c)] & classes) != 0;
}

bool AllHave(std::string_view text, uint8_t classes) {
  return std::all_of(text.begin(), text.end(), [=](char c) { return Has(c, classes); });
}

bool IsBlank(char c) {
  return c == ' ' || c == '\t';
}

std::string_view TrimBlanks(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

const char* SkipAll(const char* at, const char* end, uint8_t classes) {
  while (at != end && Has(*at, classes)) ++at;
  return at;
}

const char* SkipBlanks(const char* at, const char* end) {
  while (at != end && IsBlank(*at)) ++at;
  return at;
}

// The end of the key that begins here; null when it breaks the rules.
const char* SkipKey(const char* at, const char* end) {
  if (at == end || !Has(*at, kKeyStart)) return nullptr;
  const char* const key_end = SkipAll(at, end, kKeyChar);
  return static_cast<size_t>(key_end - at) <= kMaxKeySize ? key_end : nullptr;
}

// Calls `take` with each member that is not empty; false as soon as one is malformed or refused.
template <typename Take>
bool ReadMembers(std::string_view line, Take&& take) {
  const char* at = line.data();
  const char* const end = at + line.size();
  while ((at = SkipBlanks(at, end)) != end) {
    if (*at == ',') {
      ++at;
      continue;
    }
    const char* const key_end = SkipKey(at, end);
    if (key_end == nullptr || key_end == end || *key_end != '=') return false;
    const char* value_end = SkipAll(key_end + 1, end, kValueChar);
    const char* const next = SkipBlanks(value_end, end);
    if (next != end && *next != ',') return false;
    while (value_end[-1] == ' ') --value_end;
    const std::string_view value(key_end + 1, static_cast<size_t>(value_end - key_end - 1));
    if (value.empty() || value.size() > kMaxValueSize) return false;
    if (!take(TraceStateMember{{at, static_cast<size_t>(key_end - at)}, value})) return false;
    at = next == end ? end : next + 1;
  }
  return true;
}

size_t SizeOf(const TraceStateMember& member) {
  return member.key.size() + 1 + member.value.size();
}

// Marks what is left out so that the rest, with its commas, fits into kMaxTraceStateKept.
std::array<bool, kMaxTraceStateMembers> ChooseDropped(std::span<const TraceStateMember> members) {
  std::array<bool, kMaxTraceStateMembers> dropped{};
  size_t total = 0;
  for (const TraceStateMember& member : members) total += SizeOf(member) + 1;
  for (const bool only_long : {true, false}) {
    for (size_t i = members.size(); i-- > 0 && total > kMaxTraceStateKept + 1;) {
      if (dropped[i] || (only_long && SizeOf(members[i]) <= kLongMemberSize)) continue;
      dropped[i] = true;
      total -= SizeOf(members[i]) + 1;
    }
  }
  return dropped;
}

}  // namespace

std::optional<TraceParent> ParseTraceParent(std::string_view header) {
  header = TrimBlanks(header);
  if (header.size() < kTraceParentSize || header[2] != '-' || header[kSpanIdAt - 1] != '-' ||
      header[kFlagsAt - 1] != '-') {
    return std::nullopt;
  }
  TraceParent parent;
  uint8_t version = 0;
  if (!ReadLowerHex(header.substr(0, 2), &version) ||
      !ReadLowerHex(header.substr(kTraceIdAt, 32), parent.trace_id.bytes.data()) ||
      !ReadLowerHex(header.substr(kSpanIdAt, 16), parent.span_id.bytes.data()) ||
      !ReadLowerHex(header.substr(kFlagsAt, 2), &parent.flags)) {
    return std::nullopt;
  }
  const bool has_more = header.size() > kTraceParentSize;
  if (version == 0xff || (has_more && (version == 0 || header[kTraceParentSize] != '-'))) {
    return std::nullopt;
  }
  if (parent.trace_id.IsZero() || parent.span_id.IsZero()) return std::nullopt;
  parent.flags &= kSampledFlag | kRandomFlag;
  return parent;
}

std::array<char, kTraceParentSize> FormatTraceParent(const TraceParent& parent) {
  std::array<char, kTraceParentSize> header;
  char* at = header.data();
  *at++ = '0';
  *at++ = '0';
  *at++ = '-';
  at = WriteLowerHex(parent.trace_id.bytes, at);
  *at++ = '-';
  at = WriteLowerHex(parent.span_id.bytes, at);
  *at++ = '-';
  WriteLowerHex(std::array<uint8_t, 1>{parent.flags}, at);
  return header;
}

bool IsTraceStateKey(std::string_view key) {
  return !key.empty() && SkipKey(key.data(), key.data() + key.size()) == key.data() + key.size();
}

bool IsTraceStateValue(std::string_view value) {
  return !value.empty() && value.size() <= kMaxValueSize && value.back() != ' ' &&
         AllHave(value, kValueChar);
}

TraceState TraceState::Parse(std::span<const std::string_view> lines) {
  size_t total = 0;
  TraceState state;
  for (const std::string_view line : lines) {
    total += line.size();
    if (total > kMaxTraceStateBytes || !state.ParseLine(line)) return {};
  }
  return state;
}

bool TraceState::ParseLine(std::string_view line) {
  return ReadMembers(line, [this](const TraceStateMember& member) {
    if (size_ == members_.size()) return false;
    members_[size_++] = member;
    return true;
  });
}

TraceStateForm CheckTraceState(std::string_view line) {
  if (line.size() > kMaxTraceStateBytes) return TraceStateForm::kMalformed;
  size_t count = 0;
  size_t size = 0;
  const bool well_formed = ReadMembers(line, [&](const TraceStateMember& member) {
    size += SizeOf(member) + 1;
    return ++count <= kMaxTraceStateMembers;
  });
  if (!well_formed) return TraceStateForm::kMalformed;
  if (count == 0) return TraceStateForm::kEmpty;
  const bool as_written = size - 1 == line.size() && line.size() <= kMaxTraceStateKept;
  return as_written ? TraceStateForm::kReady : TraceStateForm::kLoose;
}

std::optional<std::string_view> TraceState::Find(std::string_view key) const {
  for (const TraceStateMember& member : members()) {
    if (member.key == key) return member.value;
  }
  return std::nullopt;
}

bool TraceState::Set(std::string_view key, std::string_view value) {
  if (!IsTraceStateKey(key) || !IsTraceStateValue(value)) return false;
  size_t hole = 0;
  while (hole < size_ && members_[hole].key != key) ++hole;
  if (hole == size_ && size_ < members_.size()) ++size_;
  hole = std::min(hole, size_ - 1);
  std::move_backward(members_.begin(), members_.begin() + static_cast<ptrdiff_t>(hole),
                     members_.begin() + static_cast<ptrdiff_t>(hole) + 1);
  members_[0] = {key, value};
  return true;
}

std::string FormatTraceState(const TraceState& state) {
  const auto members = state.members();
  const auto dropped = ChooseDropped(members);
  std::string header;
  for (size_t i = 0; i < members.size(); ++i) {
    if (dropped[i]) continue;
    if (!header.empty()) header += ',';
    header += members[i].key;
    header += '=';
    header += members[i].value;
  }
  return header;
}

}  // namespace spandrel::wire
