// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "columnar/part/part.h"
#include "columnar/read/chunk_builder.h"
#include "columnar/read/matcher.h"

namespace spandrel::columnar {

using SpanVisitor = std::function<void(const span::SpanRef&)>;

// How much of a span a reader asks for.
enum class Content {
  kLight,  // all that SpanRef offers but span(), whose message is empty
  kFull,
};

// A part as one query reads it. One thread; lives as long as the query.
class PartSource {
 public:
  static base::Result<PartSource> Open(PartPtr part, base::Counter* unreadable_spans);

  const Part& part() const { return *part_; }
  const PartColumns& columns() const { return *columns_; }
  const Dictionary& dictionary() const { return *dictionary_; }

  // A chunk of light spans: the rows [first, first + count), which are of several traces or of one.
  span::SpanChunk LightChunk(uint32_t first, uint32_t count) const;

  // False when the dictionary alone says that no span can match.
  bool MayMatch(const Matcher& matcher);

  // Calls `visit` for each matching span of a zone. A span whose block is damaged is counted and
  // left out.
  void ScanZone(uint32_t zone, const Matcher& matcher, Content content, const SpanVisitor& visit);

  // Copies the span of a row, as it is in a light chunk, with its message into `builder`. False,
  // and counted, when the message cannot be read.
  bool CopyFull(const span::SpanRef& light, uint32_t row, ChunkBuilder* builder);

 private:
  PartSource() = default;

  span::SpanChunk DictionaryChunk() const;
  span::SpanEntry EntryAt(uint32_t row) const;
  bool ScopeMatches(const span::SpanRef& span, const Matcher& matcher);
  bool NameMatches(const span::SpanRef& span, uint32_t name, const Matcher& matcher);
  void VisitFull(const span::SpanChunk& light, const std::vector<uint32_t>& spans,
                 uint32_t first_row, const Matcher& matcher, const SpanVisitor& visit);
  // The decompressed block; empty when it is damaged.
  const std::string& Block(uint32_t block);
  // A row's message in its block; nothing when it cannot be read.
  std::optional<std::string_view> Message(uint32_t row);

  PartPtr part_;
  const PartColumns* columns_ = nullptr;
  std::shared_ptr<const Dictionary> dictionary_;
  base::Counter* unreadable_spans_ = nullptr;

  // What the matcher said of each scope and name: 0 unknown, 1 no, 2 yes.
  std::vector<uint8_t> scope_memo_;
  std::vector<uint8_t> name_memo_;

  struct CachedBlock {
    uint32_t block = 0;
    std::string bytes;
  };
  std::deque<CachedBlock> blocks_;  // newest last
};

}  // namespace spandrel::columnar
