// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/metrics.h"
#include "columnar/part/part.h"
#include "columnar/part/row_reader.h"
#include "columnar/read/chunk_builder.h"
#include "columnar/read/matcher.h"

namespace spandrel::columnar {

using SpanVisitor = std::function<void(const span::SpanRef&)>;

// How much of a span a reader asks for.
enum class Content {
  kLight,  // all that SpanRef offers but span(), whose message is empty
  kFull,
};

// The spans of one trace in one row group.
struct TraceRowsFound {
  std::vector<std::shared_ptr<const span::SpanChunk>> chunks;
  size_t unreadable = 0;  // 1 when the row group cannot be read
};

// A part as one query reads it. A row group that turns out to be damaged is counted and left out.
// One thread; lives as long as the query.
class PartSource {
 public:
  static base::Result<PartSource> Open(PartPtr part, base::Counter* unreadable_spans);

  const Part& part() const { return *part_; }

  // False when the dictionary alone says that no span can match.
  bool MayMatch(const Matcher& matcher);

  // Calls `visit` for each matching span of a row group. The number of rows that were looked at.
  uint64_t ScanGroup(uint32_t group, const Matcher& matcher, Content content,
                     const SpanVisitor& visit);

  TraceRowsFound ReadTrace(uint32_t group, const span::TraceId& id, Content content);

 private:
  PartSource() = default;

  bool ScopeMatches(const span::SpanRef& span, const Matcher& matcher);
  bool NameMatches(const span::SpanRef& span, uint32_t name, const Matcher& matcher);
  base::Status Scan(const RowGroupPtr& group, const Matcher& matcher, Content content,
                    const SpanVisitor& visit);
  base::Status VisitFull(RowReader& reader, const span::SpanChunk& light,
                         const std::vector<uint32_t>& rows, const Matcher& matcher,
                         const SpanVisitor& visit);
  base::Status ReadRows(const RowGroupPtr& group, uint32_t trace, Content content,
                        TraceRowsFound* found);
  // The rows that `reader` has loaded, without their messages.
  span::SpanChunk LightChunk(const RowReader& reader) const;
  void NoteUnreadable(uint32_t group, const base::Status& why);

  PartPtr part_;
  std::shared_ptr<const Dictionary> dictionary_;
  base::Counter* unreadable_spans_ = nullptr;

  // What the matcher said of each scope and name: 0 unknown, 1 no, 2 yes.
  std::vector<uint8_t> scope_memo_;
  std::vector<uint8_t> name_memo_;
};

}  // namespace spandrel::columnar
