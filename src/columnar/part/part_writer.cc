// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/part_writer.h"

#include <zstd.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "base/log.h"
#include "columnar/disk/directory.h"
#include "columnar/disk/fixed.h"
#include "columnar/head/content_hash.h"
#include "columnar/part/trace_filter.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

constexpr size_t kWriteBytes = 1 << 20;
// The level that costs least for the ratio that span messages have; docs/design/store.md.
constexpr int kZstdLevel = 1;

uint64_t RandomFileId() {
  std::random_device random;
  return uint64_t{random()} << 32 | random();
}

std::vector<ZoneRecord> ZonesOf(const std::vector<uint64_t>& starts) {
  std::vector<ZoneRecord> zones;
  for (size_t first = 0; first < starts.size(); first += kZoneRows) {
    const auto end =
        starts.begin() + static_cast<ptrdiff_t>(std::min<size_t>(first + kZoneRows, starts.size()));
    const auto [min, max] =
        std::minmax_element(starts.begin() + static_cast<ptrdiff_t>(first), end);
    zones.push_back({*min, *max});
  }
  return zones;
}

}  // namespace

Result<std::unique_ptr<PartWriter>> PartWriter::Create(const std::string& path) {
  SPANDREL_RETURN_IF_ERROR(RemoveFile(path));
  Result<File> file = File::Create(path);
  if (!file.ok()) return file.status();
  std::unique_ptr<PartWriter> writer(new PartWriter(std::move(*file), RandomFileId()));
  std::string header;
  AppendFixed(kPartMagic, &header);
  AppendFixed(writer->file_id(), &header);
  SPANDREL_RETURN_IF_ERROR(writer->Write(header));
  return writer;
}

PartWriter::PartWriter(File file, uint64_t file_id)
    : file_(std::move(file)), zstd_(ZSTD_createCCtx()) {
  footer_.file_id = file_id;
  ZSTD_CCtx_setParameter(zstd_, ZSTD_c_compressionLevel, kZstdLevel);
}

PartWriter::~PartWriter() {
  ZSTD_freeCCtx(zstd_);
  if (finished_) return;
  const Status removed = RemoveFile(file_.path());
  if (!removed.ok()) base::LogWarn("cannot remove unfinished part: {}", removed.message());
}

Status PartWriter::AddBlock(std::string_view messages) {
  const Result<std::string_view> stored = Compress(messages);
  if (!stored.ok()) return stored.status();
  return CopyBlock(*stored, static_cast<uint32_t>(messages.size()));
}

Status PartWriter::CopyBlock(std::string_view stored, uint32_t raw_size) {
  const Result<uint64_t> offset = WriteFrame(FrameKind::kPayload, stored, raw_size);
  if (!offset.ok()) return offset.status();
  blocks_.push_back({*offset, static_cast<uint32_t>(stored.size()), raw_size});
  return {};
}

void PartWriter::Reserve(size_t rows, size_t traces) {
  traces_.reserve(traces);
  starts_.reserve(rows);
  ends_.reserve(rows);
  span_ids_.reserve(rows);
  parent_ids_.reserve(rows);
  content_hashes_.reserve(rows);
  names_.reserve(rows);
  scopes_.reserve(rows);
  row_blocks_.reserve(rows);
  offsets_.reserve(rows);
  sizes_.reserve(rows);
  kinds_.reserve(rows);
  statuses_.reserve(rows);
}

void PartWriter::BeginTrace(const span::TraceId& id) {
  TraceRecord trace;
  trace.id = id;
  trace.min_start = UINT64_MAX;
  trace.first_row = static_cast<uint32_t>(starts_.size());
  traces_.push_back(trace);
}

void PartWriter::AddRow(const PartRow& row) {
  TraceRecord& trace = traces_.back();
  ++trace.row_count;
  trace.error_count += row.status == span::SpanStatus::kError ? 1 : 0;
  trace.min_start = std::min(trace.min_start, row.start);
  trace.max_end = std::max(trace.max_end, row.end);
  footer_.min_start = std::min(footer_.min_start, row.start);
  footer_.max_start = std::max(footer_.max_start, row.start);
  dictionary_.AddOperation(row.scope, row.name, row.kind);
  starts_.push_back(row.start);
  ends_.push_back(row.end);
  span_ids_.push_back(row.span_id);
  parent_ids_.push_back(row.parent_id);
  content_hashes_.push_back(row.content_hash);
  names_.push_back(row.name);
  scopes_.push_back(row.scope);
  row_blocks_.push_back(row.block);
  offsets_.push_back(row.offset);
  sizes_.push_back(row.size);
  kinds_.push_back(static_cast<uint8_t>(row.kind));
  statuses_.push_back(static_cast<uint8_t>(row.status));
}

Status PartWriter::Finish(uint64_t sealed_through, std::vector<uint64_t> replaces) {
  footer_.row_count = starts_.size();
  footer_.trace_count = traces_.size();
  footer_.sealed_through = sealed_through;
  footer_.replaces = std::move(replaces);
  SPANDREL_RETURN_IF_ERROR(WriteSection(FrameKind::kBlocks, BytesOf(blocks_)));
  SPANDREL_RETURN_IF_ERROR(WriteSection(FrameKind::kZones, BytesOf(ZonesOf(starts_))));
  SPANDREL_RETURN_IF_ERROR(WriteTraces());
  SPANDREL_RETURN_IF_ERROR(WriteDictionary());
  SPANDREL_RETURN_IF_ERROR(WriteColumns());
  SPANDREL_RETURN_IF_ERROR(Write(EncodePartFooter(footer_)));
  SPANDREL_RETURN_IF_ERROR(Flush());
  SPANDREL_RETURN_IF_ERROR(file_.SyncAll());
  finished_ = true;
  return {};
}

Result<uint64_t> PartWriter::WriteFrame(FrameKind kind, std::string_view stored,
                                        uint32_t raw_size) {
  const auto stored_size = static_cast<uint32_t>(stored.size());
  if (stored.size() > UINT32_MAX) {
    return Status(StatusCode::kResourceExhausted, "part section is larger than 4 GiB");
  }
  const size_t padding = (kPartAlignment - at_ % kPartAlignment) % kPartAlignment;
  const uint64_t offset = at_ + padding;
  std::string header(padding, '\0');
  AppendFixed(FrameCrc(footer_.file_id, offset, kind, stored_size, raw_size, stored), &header);
  AppendFixed(kind, &header);
  AppendFixed(stored_size, &header);
  AppendFixed(raw_size, &header);
  SPANDREL_RETURN_IF_ERROR(Write(header));
  SPANDREL_RETURN_IF_ERROR(Write(stored));
  return offset;
}

Status PartWriter::WriteSection(FrameKind kind, std::string_view bytes) {
  const auto size = static_cast<uint32_t>(bytes.size());
  const Result<uint64_t> offset = WriteFrame(kind, bytes, size);
  if (!offset.ok()) return offset.status();
  footer_.sections.push_back({kind, *offset, size, size});
  return {};
}

Status PartWriter::WriteDictionary() {
  const std::string bytes = EncodeDictionary(std::move(dictionary_).Finish());
  const Result<std::string_view> stored = Compress(bytes);
  if (!stored.ok()) return stored.status();
  const auto raw_size = static_cast<uint32_t>(bytes.size());
  const Result<uint64_t> offset = WriteFrame(FrameKind::kDictionary, *stored, raw_size);
  if (!offset.ok()) return offset.status();
  footer_.sections.push_back(
      {FrameKind::kDictionary, *offset, static_cast<uint32_t>(stored->size()), raw_size});
  return {};
}

Status PartWriter::WriteTraces() {
  std::vector<uint32_t> order(traces_.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(),
            [this](uint32_t a, uint32_t b) { return traces_[a].id < traces_[b].id; });
  TraceFilterBuilder filter(traces_.size());
  for (const TraceRecord& trace : traces_) filter.Add(TraceIdHash(trace.id));
  SPANDREL_RETURN_IF_ERROR(WriteSection(FrameKind::kTraces, BytesOf(traces_)));
  SPANDREL_RETURN_IF_ERROR(WriteSection(FrameKind::kTraceOrder, BytesOf(order)));
  return WriteSection(FrameKind::kTraceFilter, BytesOf(filter.words()));
}

Status PartWriter::WriteColumns() {
  const std::initializer_list<std::pair<FrameKind, std::string_view>> columns = {
      {FrameKind::kStart, BytesOf(starts_)},
      {FrameKind::kEnd, BytesOf(ends_)},
      {FrameKind::kSpanId, BytesOf(span_ids_)},
      {FrameKind::kParentId, BytesOf(parent_ids_)},
      {FrameKind::kContentHash, BytesOf(content_hashes_)},
      {FrameKind::kName, BytesOf(names_)},
      {FrameKind::kScope, BytesOf(scopes_)},
      {FrameKind::kBlock, BytesOf(row_blocks_)},
      {FrameKind::kOffset, BytesOf(offsets_)},
      {FrameKind::kSize, BytesOf(sizes_)},
      {FrameKind::kSpanKind, BytesOf(kinds_)},
      {FrameKind::kStatus, BytesOf(statuses_)},
  };
  for (const auto& [kind, bytes] : columns) SPANDREL_RETURN_IF_ERROR(WriteSection(kind, bytes));
  return {};
}

Result<std::string_view> PartWriter::Compress(std::string_view bytes) {
  compressed_.resize(ZSTD_compressBound(bytes.size()));
  const size_t size =
      ZSTD_compress2(zstd_, compressed_.data(), compressed_.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(size) != 0) return Status(StatusCode::kInternal, ZSTD_getErrorName(size));
  return std::string_view(compressed_).substr(0, size);
}

Status PartWriter::Write(std::string_view bytes) {
  at_ += bytes.size();
  pending_ += bytes;
  return pending_.size() < kWriteBytes ? Status() : Flush();
}

Status PartWriter::Flush() {
  Status written = file_.WriteAt(pending_, at_ - pending_.size());
  pending_.clear();
  return written;
}

}  // namespace spandrel::columnar
