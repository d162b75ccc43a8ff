// SPDX-License-Identifier: Apache-2.0
#include "wire/trace_context.h"

#include <algorithm>

#include "wire/header_hex.h"

namespace spandrel::wire {
namespace {

// What a character may be in a header.
enum CharClass : uint8_t {
  kLowerAlpha = 1,
  kDigit = 2,
  kKeyChar = 4,    // of a tracestate key, the at sign aside
  kValueChar = 8,  // of a tracestate value, the blank included
};

constexpr std::array<uint8_t, 256> MakeClasses() {
  std::array<uint8_t, 256> classes{};
  for (int c = 0x20; c < 0x7f; ++c) {
    if (c != ',' && c != '=') classes[c] |= kValueChar;
  }
  for (int c = 'a'; c <= 'z'; ++c) classes[c] |= kLowerAlpha | kKeyChar;
  for (int c = '0'; c <= '9'; ++c) classes[c] |= kDigit | kKeyChar;
  for (const char c : {'_', '-', '*', '/'}) classes[static_cast<uint8_t>(c)] |= kKeyChar;
  return classes;
}

constexpr std::array<uint8_t, 256> kClasses = MakeClasses();

// Where the parts of a traceparent start.
constexpr size_t kTraceIdAt = 3;
constexpr size_t kSpanIdAt = 36;
constexpr size_t kFlagsAt = 53;

constexpr size_t kMaxKeySize = 256;
constexpr size_t kMaxTenantSize = 241;
constexpr size_t kMaxSystemSize = 14;
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

// Calls `take` with each member that is not empty; false as soon as one is malformed or refused.
template <typename Take>
bool ReadMembers(std::string_view line, Take&& take) {
  while (!line.empty()) {
    const size_t comma = std::min(line.find(','), line.size());
    const std::string_view member = TrimBlanks(line.substr(0, comma));
    line.remove_prefix(std::min(comma + 1, line.size()));
    if (member.empty()) continue;
    const size_t equals = member.find('=');
    if (equals == std::string_view::npos) return false;
    const TraceStateMember read{member.substr(0, equals), member.substr(equals + 1)};
    if (!IsTraceStateKey(read.key) || !IsTraceStateValue(read.value) || !take(read)) return false;
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
  if (key.empty() || key.size() > kMaxKeySize || !Has(key[0], kLowerAlpha | kDigit)) return false;
  const size_t at = key.find('@');
  if (at == std::string_view::npos) return AllHave(key, kKeyChar);
  const std::string_view tenant = key.substr(0, at);
  const std::string_view system = key.substr(at + 1);
  return tenant.size() <= kMaxTenantSize && AllHave(tenant, kKeyChar) && !system.empty() &&
         system.size() <= kMaxSystemSize && Has(system[0], kLowerAlpha) &&
         AllHave(system, kKeyChar);
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
