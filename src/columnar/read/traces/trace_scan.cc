// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/traces/trace_scan.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "columnar/read/scan/scan.h"
#include "columnar/read/scan/trace_loader.h"
#include "columnar/read/traces/result_order.h"

namespace spandrel::columnar {

using base::Result;
using base::Status;
using storage::Cursor;
using storage::TraceSlice;

namespace {

// What a trace takes that was seen, waits or was handed over.
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

}  // namespace

// The scan of one snapshot.
class TraceScanner::Run {
 public:
  Run(TraceScanner& scanner, const Snapshot& snapshot)
      : scanner_(scanner),
        scan_(scanner.context_, snapshot),
        loader_(scan_, scanner.question_),
        lists_(scanner.context_),
        slices_(scanner.context_) {}

  Status Go() {
    const Result<std::vector<ScanUnit>> units = scan_.Units(scanner_.question_.matcher);
    if (!units.ok()) return units.status();
    const bool is_ordered = scanner_.request_.order == storage::ScanOrder::kNewest;
    for (const ScanUnit& unit : *units) {
      if (is_ordered) SPANDREL_RETURN_IF_ERROR(Settle(unit.max_start));
      if (scanner_.is_done()) return {};
      SPANDREL_RETURN_IF_ERROR(FindIn(unit));
      if (!is_ordered) SPANDREL_RETURN_IF_ERROR(SendAllWaiting());
    }
    return Settle(std::nullopt);
  }

 private:
  // A trace that was seen: the newest of its spans that may match, so far.
  struct Seen {
    uint64_t newest = 0;
    bool is_read = false;
  };

  Status FindIn(const ScanUnit& unit) {
    return scan_.Visit(unit, scanner_.question_.matcher, Content::kLight,
                       [this](const span::SpanRef& span) { return Note(span.entry()); });
  }

  Status Note(const span::SpanEntry& span) {
    const span::TraceId& id = span.trace_id;
    const auto [seen, is_new] = seen_.try_emplace(id, Seen{span.start_time_unix_nano});
    if (is_new) {
      if (scanner_.sent_.contains(id)) {
        seen->second.is_read = true;
        return {};
      }
      SPANDREL_RETURN_IF_ERROR(lists_.GrowTo(seen_.size() * kTraceBytes));
    } else {
      if (seen->second.is_read || seen->second.newest >= span.start_time_unix_nano) return {};
      waiting_.erase({seen->second.newest, id});
      seen->second.newest = span.start_time_unix_nano;
    }
    waiting_.emplace(Cursor{seen->second.newest, id}, std::nullopt);
    return {};
  }

  // Without an order: in that in which a row group has them.
  Status SendAllWaiting() {
    std::vector<span::TraceId> ids;
    ids.reserve(waiting_.size());
    for (const auto& [place, slice] : waiting_) ids.push_back(place.trace_id);
    waiting_.clear();
    std::sort(ids.begin(), ids.end());
    for (const span::TraceId& id : ids) {
      if (scanner_.is_done()) return {};
      auto read = Read(id);
      if (!read.ok()) return read.status();
      if (*read) Send(std::move((*read)->slice));
    }
    return {};
  }

  // Hands over the traces whose newest match is later than anything that is left to be looked at.
  Status Settle(std::optional<uint64_t> newest_left) {
    while (!scanner_.is_done() && !waiting_.empty()) {
      if (newest_left && waiting_.begin()->first.key <= *newest_left) return {};
      auto first = waiting_.extract(waiting_.begin());
      if (first.mapped()) {
        Send(*std::move(first.mapped()));
      } else {
        SPANDREL_RETURN_IF_ERROR(SendOrKeep(first.key()));
      }
    }
    return {};
  }

  // A trace whose newest match is earlier than it could have been has to wait for its turn.
  Status SendOrKeep(const Cursor& place) {
    auto read = Read(place.trace_id);
    if (!read.ok()) return read.status();
    if (!*read) return {};
    auto& [newest_match, slice] = **read;
    if (newest_match >= place.key) {
      Send(std::move(slice));
    } else {
      waiting_.emplace(Cursor{newest_match, place.trace_id}, std::move(slice));
    }
    return {};
  }

  struct ReadTrace {
    uint64_t newest_match = 0;
    TraceSlice slice;
  };

  // Nothing when no span matches.
  Result<std::optional<ReadTrace>> Read(const span::TraceId& id) {
    seen_[id].is_read = true;
    const Result<LoadedTrace> loaded = loader_.Load(id);
    if (!loaded.ok()) return loaded.status();
    if (!loaded->newest_match) return std::optional<ReadTrace>();
    auto slice = storage::SliceOf(scanner_.context_, loaded->trace, loaded->matched,
                                  scanner_.request_, scanner_.asked_);
    if (!slice.ok()) return slice.status();
    ReadTrace read{*loaded->newest_match, *std::move(slice)};
    SPANDREL_RETURN_IF_ERROR(slices_.Grow(BytesOf(read.slice)));
    return std::optional(std::move(read));
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
  std::unordered_map<span::TraceId, Seen, span::IdHash> seen_;
  std::map<Cursor, std::optional<TraceSlice>, ResultOrder> waiting_;  // nothing: not read yet
  storage::QueryMemory lists_;
  storage::QueryMemory slices_;
};

TraceScanner::TraceScanner(const storage::QueryContext& context,
                           const storage::TraceScanRequest& request, storage::TraceSink& sink,
                           Question question, storage::RowQuestions asked)
    : context_(context),
      request_(request),
      sink_(sink),
      question_(std::move(question)),
      asked_(std::move(asked)) {}

Result<TraceScanner> TraceScanner::Make(const storage::QueryContext& context,
                                        const storage::TraceScanRequest& request,
                                        storage::TraceSink& sink) {
  Result<Question> question =
      Question::Make(context, {request.where, request.start_time, request.fields});
  if (!question.ok()) return question.status();
  auto asked = storage::RowQuestions::Make(context, request);
  if (!asked.ok()) return asked.status();
  for (const storage::Expression& condition : request.conditions) question->content.Add(condition);
  for (const storage::Expression& operand : request.operands) question->content.Add(operand);
  return TraceScanner(context, request, sink, *std::move(question), *std::move(asked));
}

Result<bool> TraceScanner::Send(const Snapshot& snapshot) {
  SPANDREL_RETURN_IF_ERROR(context_.Check());
  if (!is_done()) SPANDREL_RETURN_IF_ERROR(Run(*this, snapshot).Go());
  return !stopped_;
}

}  // namespace spandrel::columnar
