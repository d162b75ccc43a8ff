// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/traces/trace_scan.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include "columnar/read/scan/scan.h"
#include "columnar/read/scan/trace_loader.h"
#include "columnar/read/traces/candidates.h"
#include "columnar/read/traces/result_order.h"
#include "storage/narrow.h"
#include "storage/regexes.h"

namespace spandrel::columnar {

using base::Result;
using base::Status;
using storage::Cursor;
using storage::TraceSlice;

namespace {

// What a trace takes that was read, waits or was handed over.
constexpr size_t kTraceBytes = sizeof(TraceSlice) + 192;

size_t BytesOf(const storage::FieldColumn& column) {
  size_t bytes =
      column.ends.size() * sizeof(uint32_t) + column.values.size() * sizeof(storage::Value);
  for (const storage::Value& value : column.values) {
    if (const auto* text = std::get_if<std::string>(&value)) bytes += text->size();
  }
  return bytes;
}

size_t BytesOf(const TraceSlice& slice) {
  constexpr size_t kRowBytes = sizeof(span::SpanId) + sizeof(int32_t) + 2 * sizeof(uint64_t) + 1;
  size_t bytes = sizeof(slice) + slice.row_count() * (kRowBytes + slice.holds.size());
  for (const storage::FieldColumn& column : slice.fields) bytes += BytesOf(column);
  for (const storage::FieldColumn& column : slice.operands) bytes += BytesOf(column);
  return bytes;
}

// Those of all that is asked, each compiled once. Errors as of storage::Evaluator::MakeAll.
Result<std::shared_ptr<const storage::Regexes>> RegexesOf(
    const storage::QueryContext& context, const storage::TraceScanRequest& request) {
  std::vector<const storage::Expression*> all = {&request.where};
  for (const auto* asked : {&request.conditions, &request.operands, &request.needs}) {
    for (const storage::Expression& expression : *asked) all.push_back(&expression);
  }
  return storage::CompileRegexes(context, all);
}

}  // namespace

// The scan of one snapshot.
class TraceScanner::Run {
 public:
  Run(TraceScanner& scanner, const Snapshot& snapshot)
      : scanner_(scanner),
        scan_(scanner.context_, snapshot),
        loader_(scan_, scanner.question_),
        candidates_(scan_, scanner.question_, scanner.needs_),
        lists_(scanner.context_),
        slices_(scanner.context_) {
    const bool by_columns = ColumnSlices::CanAnswer(scanner.request_, scanner.question_);
    if (by_columns) {
      columns_.emplace(scan_, ColumnSlices::Asked{scanner.request_, scanner.question_,
                                                  scanner.asked_, scanner.conditions_});
    }
  }

  Status Go() {
    const Result<std::vector<ScanUnit>> units = scan_.Units(scanner_.question_.matcher);
    if (!units.ok()) return units.status();
    const bool is_ordered = scanner_.request_.order == storage::ScanOrder::kNewest;
    for (const ScanUnit& unit : *units) {
      if (is_ordered) SPANDREL_RETURN_IF_ERROR(Settle(unit.max_start));
      if (scanner_.is_done()) return {};
      SPANDREL_RETURN_IF_ERROR(candidates_.AddFrom(unit));
      if (!is_ordered) SPANDREL_RETURN_IF_ERROR(SendAll());
    }
    return Settle(std::nullopt);
  }

 private:
  // Without an order: in that in which a row group has them.
  Status SendAll() {
    std::vector<Candidate> all = candidates_.TakeAll();
    std::sort(all.begin(), all.end(), [](const Candidate& a, const Candidate& b) {
      return a.place.trace_id < b.place.trace_id;
    });
    for (const Candidate& candidate : all) {
      if (scanner_.is_done()) return {};
      auto read = Read(candidate);
      if (!read.ok()) return read.status();
      if (*read) Send(std::move((*read)->slice));
    }
    return {};
  }

  // Hands over the traces whose newest match is later than anything that is left to be looked at.
  Status Settle(std::optional<uint64_t> newest_left) {
    while (!scanner_.is_done()) {
      const bool is_read =
          !waiting_.empty() &&
          (candidates_.empty() || !ResultOrder()(candidates_.first(), waiting_.begin()->first));
      if (!is_read && candidates_.empty()) return {};
      const Cursor& first = is_read ? waiting_.begin()->first : candidates_.first();
      if (newest_left && first.key <= *newest_left) return {};
      if (is_read) {
        Send(std::move(waiting_.extract(waiting_.begin()).mapped()));
      } else {
        SPANDREL_RETURN_IF_ERROR(SendOrKeep(candidates_.TakeFirst()));
      }
    }
    return {};
  }

  // A trace whose newest match is earlier than it could have been has to wait for its turn.
  Status SendOrKeep(const Candidate& candidate) {
    auto read = Read(candidate);
    if (!read.ok()) return read.status();
    if (!*read) return {};
    auto& [newest_match, slice] = **read;
    if (newest_match >= candidate.place.key) {
      Send(std::move(slice));
    } else {
      waiting_.emplace(Cursor{newest_match, slice.trace_id}, std::move(slice));
    }
    return {};
  }

  struct ReadTrace {
    uint64_t newest_match = 0;
    TraceSlice slice;
  };

  // Nothing when it was read before, or no span matches.
  Result<std::optional<ReadTrace>> Read(const Candidate& candidate) {
    const span::TraceId& id = candidate.place.trace_id;
    if (scanner_.sent_.contains(id) || read_.contains(id)) return std::optional<ReadTrace>();
    const bool is_elsewhere = candidates_.MayBeElsewhere(candidate);
    if (candidate.lacks_need && !is_elsewhere) return std::optional<ReadTrace>();
    read_.insert(id);
    SPANDREL_RETURN_IF_ERROR(lists_.GrowTo(read_.size() * kTraceBytes));
    if (columns_ && !is_elsewhere) {
      auto slice = columns_->Read(candidate.unit, id);
      if (!slice.ok()) return slice.status();
      if (*slice) return Keep(candidate.place.key, **std::move(slice));
    }
    return ReadSpans(id);
  }

  Result<std::optional<ReadTrace>> ReadSpans(const span::TraceId& id) {
    const Result<LoadedTrace> loaded = loader_.Load(id);
    if (!loaded.ok()) return loaded.status();
    if (!loaded->newest_match) return std::optional<ReadTrace>();
    auto slice = storage::SliceOf(scanner_.context_, loaded->trace, loaded->matched,
                                  scanner_.request_, scanner_.asked_);
    if (!slice.ok()) return slice.status();
    return Keep(*loaded->newest_match, *std::move(slice));
  }

  Result<std::optional<ReadTrace>> Keep(uint64_t newest_match, TraceSlice slice) {
    SPANDREL_RETURN_IF_ERROR(slices_.Grow(BytesOf(slice)));
    return std::optional(ReadTrace{newest_match, std::move(slice)});
  }

  void Send(TraceSlice slice) {
    const size_t bytes = BytesOf(slice);
    scanner_.sent_.insert(slice.trace_id);
    scanner_.stopped_ = !scanner_.sink_.OnTrace(std::move(slice));
    slices_.Shrink(bytes);
  }

  TraceScanner& scanner_;
  Scan scan_;
  TraceLoader loader_;
  TraceCandidates candidates_;
  std::optional<ColumnSlices> columns_;  // when they can answer
  std::unordered_set<span::TraceId, span::IdHash> read_;
  std::map<Cursor, TraceSlice, ResultOrder> waiting_;
  storage::QueryMemory lists_;
  storage::QueryMemory slices_;
};

TraceScanner::TraceScanner(const storage::QueryContext& context,
                           const storage::TraceScanRequest& request, storage::TraceSink& sink,
                           Question question, storage::RowQuestions asked,
                           std::vector<Matcher> needs, ColumnSlices::Matchers conditions)
    : context_(context),
      request_(request),
      sink_(sink),
      question_(std::move(question)),
      asked_(std::move(asked)),
      needs_(std::move(needs)),
      conditions_(std::move(conditions)) {}

Result<TraceScanner> TraceScanner::Make(const storage::QueryContext& context,
                                        const storage::TraceScanRequest& request,
                                        storage::TraceSink& sink) {
  const auto regexes = RegexesOf(context, request);
  if (!regexes.ok()) return regexes.status();
  Question question =
      Question::OfPart({request.where, request.start_time, request.fields}, *regexes);
  for (const storage::Expression& condition : request.conditions) question.content.Add(condition);
  for (const storage::Expression& operand : request.operands) question.content.Add(operand);
  std::vector<Matcher> needs;
  for (const storage::Expression& need : request.needs) {
    storage::Predicate where = storage::Narrow(need).where;
    if (!where.is_all()) needs.push_back(Matcher::OfPart(where, {}, *regexes));
  }
  return TraceScanner(context, request, sink, std::move(question),
                      storage::RowQuestions::OfPart(request, *regexes), std::move(needs),
                      ColumnSlices::MatchersOf(request, *regexes));
}

Result<bool> TraceScanner::Send(const Snapshot& snapshot) {
  SPANDREL_RETURN_IF_ERROR(context_.Check());
  if (!is_done()) SPANDREL_RETURN_IF_ERROR(Run(*this, snapshot).Go());
  return !stopped_;
}

}  // namespace spandrel::columnar
