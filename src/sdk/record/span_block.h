// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace spandrel::sdk {

// An instrumentation scope as requests show it. Immutable; held by its tracer and by the blocks of
// its spans, so that these may outlive the tracer.
class Scope {
 public:
  // `text` is the encoded content of ScopeSpans before its spans (the head) and then the schema's
  // URL. Numbers tell the scopes of a process apart and grow.
  Scope(uint64_t number, std::string text, size_t head_size)
      : number_(number), text_(std::move(text)), head_size_(head_size) {}

  // Tells scopes apart, since a head tells its own size.
  const std::string& text() const { return text_; }

  uint64_t number() const { return number_; }
  std::string_view head() const { return std::string_view(text_).substr(0, head_size_); }
  std::string_view schema_url() const { return std::string_view(text_).substr(head_size_); }

 private:
  const uint64_t number_;
  const std::string text_;
  const size_t head_size_;
};
using ScopePtr = std::shared_ptr<const Scope>;

// Ended spans of one instrumentation scope: the repeated field `spans` of ScopeSpans, ready to
// send.
struct SpanBlock {
  static constexpr size_t kBytes = 64 << 10;

  explicit SpanBlock(size_t room) : bytes(new char[room]), capacity(room) {}

  // What it takes with its scope once it is handed over, which matters when blocks are small.
  size_t held_bytes() const { return size + sizeof(SpanBlock) + scope->text().size(); }

  std::unique_ptr<char[]> bytes;
  size_t capacity;
  size_t size = 0;
  uint32_t spans = 0;
  ScopePtr scope;
};

}  // namespace spandrel::sdk
