// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/clock.h"
#include "base/time_text.h"
#include "config/byte_size.h"
#include "query/tags.h"
#include "store_tool/otlp_file.h"
#include "store_tool/store_command.h"
#include "wire/otlp/otlp.h"

namespace spandrel::store_tool {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

// An entry of the file holds about so much, however large the traces are.
constexpr size_t kEntryBytes = size_t{1} << 20;

// "2h" (ago), RFC 3339, nanoseconds, "now-2h".
Result<uint64_t> ParseTime(const std::string& text, std::string_view option) {
  const uint64_t now = base::SystemClock().NowUnixNano();
  if (const auto ago = base::ParseDuration(text); ago.ok()) return now - std::min(now, *ago);
  if (auto time = base::ParseTime(text, now); time.ok()) return time;
  if (auto time = base::ParseRfc3339(text); time.ok()) return time;
  return Status(
      StatusCode::kInvalidArgument,
      fmt::format("{}: expected a time like 2h (ago), 2026-08-20T10:00:00Z or nanoseconds",
                  option));
}

Result<storage::TimeRange> RangeOf(const StoreCommandOptions& options) {
  storage::TimeRange range;
  if (!options.since.empty()) {
    const auto since = ParseTime(options.since, "--since");
    if (!since.ok()) return since.status();
    range.min_unix_nano = *since;
  }
  if (!options.until.empty()) {
    const auto until = ParseTime(options.until, "--until");
    if (!until.ok()) return until.status();
    range.max_unix_nano = *until;
  }
  return range;
}

Compression CompressionOf(const StoreCommandOptions& options) {
  const std::string& asked = options.compression;
  if (asked == "gzip" || (asked.empty() && options.output.ends_with(".gz"))) {
    return Compression::kGzip;
  }
  if (asked == "zstd" || (asked.empty() && options.output.ends_with(".zst"))) {
    return Compression::kZstd;
  }
  return Compression::kNone;
}

// Gathers traces into entries of a useful size.
class EntryWriter {
 public:
  EntryWriter(ByteSink& sink, OtlpFormat format) : sink_(sink), format_(format) {}

  Status Add(const span::SpanBatch& trace) {
    for (const auto& chunk : trace.chunks()) {
      for (const span::SpanEntry& entry : chunk->spans) counted_spans_ += entry.weight;
    }
    waiting_.Append(span::SpanBatch(trace));
    return waiting_.byte_size() < kEntryBytes ? Status() : Flush();
  }
  Status Flush() {
    for (const span::SpanBatch& batch : wire::SplitBatch(std::move(waiting_), 0, 4 * kEntryBytes)) {
      const std::string entry = EncodeFileEntry(batch, format_);
      SPANDREL_RETURN_IF_ERROR(sink_.Write(entry));
      spans_ += batch.span_count();
      bytes_ += entry.size();
    }
    waiting_ = span::SpanBatch();
    return {};
  }
  uint64_t spans() const { return spans_; }
  // What the spans stand for, those that retention dropped included.
  uint64_t counted_spans() const { return counted_spans_; }
  uint64_t bytes() const { return bytes_; }

 private:
  ByteSink& sink_;
  const OtlpFormat format_;
  span::SpanBatch waiting_;
  uint64_t spans_ = 0;
  uint64_t counted_spans_ = 0;
  uint64_t bytes_ = 0;
};

// Standard output may be the data, so it is told on standard error.
int Report(const columnar::TraceWalk& walk, const EntryWriter& writer, bool interrupted) {
  fmt::print(stderr, "exported {} spans of {} traces, {} of OTLP{}\n", WithCommas(writer.spans()),
             WithCommas(walk.traces), config::FormatByteSize(writer.bytes()),
             interrupted ? "; interrupted, the rest is missing" : "");
  if (writer.counted_spans() > writer.spans()) {
    fmt::print(stderr,
               "spandrel: here they stand for {} spans, as retention dropped some by policy; OTLP "
               "cannot say so, and where they are imported they count once\n",
               WithCommas(writer.counted_spans()));
  }
  if (walk.unreadable_spans > 0) {
    fmt::print(stderr,
               "spandrel: {} spans are damaged and left out; `spandrel store verify` says "
               "where\n",
               WithCommas(walk.unreadable_spans));
  }
  if (interrupted) return kInterruptedStatus;
  return walk.unreadable_spans > 0 ? 1 : 0;
}

// Whoever exports without a name might think that it is all.
void TellOtherTenants(const columnar::Engine& store, const StoreCommandOptions& options) {
  const size_t others = store.Tenants().size() - 1;
  if (!options.tenant.empty() || others == 0) return;
  fmt::print(
      stderr,
      "spandrel: {} tenants with a name are left out; `--tenant NAME` exports one, `spandrel "
      "store stat` lists them\n",
      WithCommas(others));
}

}  // namespace

int ExportStore(columnar::Engine& store, const StoreCommandOptions& options,
                const Interrupts& interrupts) {
  const auto where = query::ParseTags(options.where);
  if (!where.ok()) return Fail(where.status().Annotate("--where"));
  const auto range = RangeOf(options);
  if (!range.ok()) return Fail(range.status());
  const auto tenant = FindTenant(store, options.tenant);
  if (!tenant.ok()) return Fail(tenant.status());
  TellOtherTenants(store, options);
  auto sink = ByteSink::Open(options.output, CompressionOf(options), options.overwrite);
  if (!sink.ok()) return Fail(sink.status());
  EntryWriter writer(**sink,
                     options.format == "otlp-json" ? OtlpFormat::kJson : OtlpFormat::kProto);
  ProgressLine line("export");
  const uint64_t total = (*tenant)->Stats().spans;
  Status written;
  const auto walk = (*tenant)->ForEachTrace({}, *where, *range, [&](const span::SpanBatch& trace) {
    if (interrupts.came()) return false;
    line.ShowSpans(writer.spans(), total);
    written = writer.Add(trace);
    return written.ok();
  });
  line.Clear();
  if (!walk.ok()) return Fail(walk.status());
  if (written.ok()) written = writer.Flush();
  if (written.ok()) written = (*sink)->Finish();
  if (!written.ok()) return Fail(written);
  return Report(*walk, writer, interrupts.came());
}

}  // namespace spandrel::store_tool
