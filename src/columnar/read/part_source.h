// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/metrics.h"
#include "columnar/part/read/part.h"
#include "columnar/part/read/row_reader.h"
#include "columnar/read/chunk_builder.h"
#include "columnar/read/matcher.h"
#include "columnar/read/row_filter.h"

namespace spandrel::columnar {

using SpanVisitor = std::function<void(const span::SpanRef&)>;

// How much of a span a reader asks for.
enum class Content {
  kLight,  // all that SpanRef offers but span(), whose message is empty
  kFull,
};

// The spans of one trace in one row group.
struct TraceRowsFound {
  // In the order of their rows; only full spans are ever in more than one.
  std::vector<std::shared_ptr<const span::SpanChunk>> chunks;
  uint32_t first_row = 0;
  size_t unreadable = 0;  // 1 when the row group cannot be read
};

// A part as one query reads it. A row group that turns out to be damaged is counted and left out.
// One thread; lives as long as the query.
class PartSource {
 public:
  static base::Result<PartSource> Open(PartPtr part, base::Counter* unreadable_spans);

  const Part& part() const { return *part_; }

  // False when the dictionary and the filters say that no span of a row group can match.
  bool MayMatch(uint32_t group, const Matcher& matcher);

  // Calls `visit` for each matching span of a row group. The number of rows that were looked at. A
  // source serves one matcher.
  uint64_t ScanGroup(uint32_t group, const Matcher& matcher, Content content,
                     const SpanVisitor& visit);

  // The matching rows of a row group, ascending; valid until the next call. Row groups with few of
  // them are remembered. DATA_LOSS when the row group cannot be read, which is counted.
  base::Result<const std::vector<uint32_t>*> RowsOf(uint32_t group, const Matcher& matcher);

  TraceRowsFound ReadTrace(uint32_t group, const span::TraceId& id, Content content);

 private:
  PartSource() = default;

  DictionaryVerdicts& Verdicts(const Matcher& matcher);
  base::Result<const std::vector<uint32_t>*> FindRows(const RowGroupPtr& group, uint32_t index,
                                                      const Matcher& matcher);
  base::Status Visit(const RowGroupPtr& group, const std::vector<uint32_t>& rows, Content content,
                     const SpanVisitor& visit);
  // The rows that `reader` has loaded must be among `rows`, and these must ascend.
  base::Status VisitFull(RowReader& reader, const std::vector<uint32_t>& rows,
                         const SpanVisitor& visit);
  base::Status ReadRows(const RowGroupPtr& group, uint32_t trace, Content content,
                        TraceRowsFound* found);
  // The rows that `reader` has loaded, without their messages.
  span::SpanChunk LightChunk(const RowReader& reader) const;
  void NoteUnreadable(uint32_t group, const base::Status& why);

  PartPtr part_;
  std::shared_ptr<const Dictionary> dictionary_;
  base::Counter* unreadable_spans_ = nullptr;

  std::unique_ptr<DictionaryVerdicts> verdicts_;
  RowColumns columns_;
  std::unordered_map<uint32_t, std::vector<uint32_t>> rows_;  // matching ones, by row group
  size_t known_rows_ = 0;                                     // in rows_
};

}  // namespace spandrel::columnar
