// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "columnar/part/read/part.h"
#include "columnar/part/read/row_reader.h"
#include "columnar/read/match/group_filter.h"
#include "columnar/read/match/matcher.h"
#include "columnar/read/scan/chunk_builder.h"
#include "columnar/read/scan/content.h"
#include "columnar/snapshot/damage_notes.h"

namespace spandrel::columnar {

// Takes a span, which lives during the call. What it returns ends the scan unless it is OK.
using SpanVisitor = std::function<base::Status(const span::SpanRef&)>;

// What is asked for of a trace.
struct TraceAsk {
  Content content;
  // Row groups whose spans all start outside of it may be left out.
  storage::TimeRange hint = {};
  std::optional<span::SpanId> only = {};  // one of its spans
};

// The spans of one trace in one row group.
struct TraceRowsFound {
  // In the order of their rows; light spans are all in one.
  std::vector<std::shared_ptr<const span::SpanChunk>> chunks;
  uint32_t first_row = 0;
  size_t unreadable = 0;  // 1 when the row group cannot be read
  storage::Inspected inspected;
};

// A part as one query reads it. A row group that turns out to be damaged is counted and left out.
// One thread; lives as long as the query.
class PartSource {
 public:
  // `damage` may be null.
  static base::Result<PartSource> Open(PartPtr part, DamageNotes* damage);

  const Part& part() const { return *part_; }

  // False when the dictionary and the filters say that no span of a row group can match.
  bool MayMatch(uint32_t group, const Matcher& matcher);

  // Calls `visit` for each matching span of a row group. What was looked at for it. Fails only as
  // `visit` does, or when the query has no memory. A source serves one matcher.
  base::Result<storage::Inspected> ScanGroup(const storage::QueryContext& context, uint32_t group,
                                             const Matcher& matcher, const Content& content,
                                             const SpanVisitor& visit);

  // The same for rows that are known, which ascend.
  base::Result<storage::Inspected> ScanRows(const storage::QueryContext& context, uint32_t group,
                                            const std::vector<uint32_t>& rows,
                                            const Content& content, const SpanVisitor& visit);

  // The matching rows of a row group, ascending; valid until the next call. Row groups with few of
  // them are remembered. DATA_LOSS when the row group cannot be read, which is counted.
  base::Result<const std::vector<uint32_t>*> RowsOf(uint32_t group, const Matcher& matcher);

  // RESOURCE_EXHAUSTED when the query has no memory for it.
  base::Result<TraceRowsFound> ReadTrace(const storage::QueryContext& context, uint32_t group,
                                         const span::TraceId& id, const TraceAsk& ask);

  // Marks a row group as damaged and says that it was left out.
  void NoteUnreadable(uint32_t group, const base::Status& why);

 private:
  PartSource() = default;

  DictionaryVerdicts& Verdicts(const Matcher& matcher);
  base::Result<const std::vector<uint32_t>*> FindRows(const RowGroupPtr& group, uint32_t index,
                                                      const Matcher& matcher);
  base::Status Visit(ChunkBuilder& builder, const RowGroupPtr& group,
                     const std::vector<uint32_t>& rows, const Content& content,
                     const SpanVisitor& visit);
  // With messages. `rows` are among those that `reader` has loaded, and ascend.
  base::Status VisitMessages(ChunkBuilder& builder, RowReader& reader,
                             const std::vector<uint32_t>& rows, const SpanVisitor& visit);
  base::Status ReadRows(const storage::QueryContext& context, const RowGroupPtr& group,
                        uint32_t trace, const TraceAsk& ask, TraceRowsFound* found);
  // The rows that `reader` has loaded, without their messages. Valid until the next call.
  const span::SpanChunk& LightChunk(const RowReader& reader);

  PartPtr part_;
  std::shared_ptr<const Dictionary> dictionary_;
  DamageNotes* damage_ = nullptr;

  std::unique_ptr<DictionaryVerdicts> verdicts_;
  span::SpanChunk light_;  // see LightChunk; made when it is asked for
  RowColumns columns_;
  std::unordered_map<uint32_t, std::vector<uint32_t>> rows_;  // matching ones, by row group
  size_t known_rows_ = 0;                                     // in rows_
  uint64_t message_bytes_ = 0;                                // put together by the last scan
};

}  // namespace spandrel::columnar
