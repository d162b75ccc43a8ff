// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/part.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>

#include "columnar/disk/fixed.h"
#include "columnar/head/content_hash.h"
#include "columnar/part/trace_filter.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

constexpr size_t kKeptDictionaryBytes = 1 << 20;

Result<std::string> Decompress(std::string_view stored, uint32_t raw_size) {
  std::string raw(raw_size, '\0');
  const size_t size = ZSTD_decompress(raw.data(), raw.size(), stored.data(), stored.size());
  if (size != raw_size) return Status(StatusCode::kDataLoss, "compressed bytes cannot be read");
  return raw;
}

}  // namespace

Result<PartPtr> Part::Open(const std::string& path, uint64_t number) {
  Result<MappedFile> file = MappedFile::Open(path);
  if (!file.ok()) return file.status();
  Result<PartFooter> footer = ParsePartFooter(file->bytes());
  if (!footer.ok()) return footer.status().Annotate(path);
  return PartPtr(new Part(path, number, std::move(*file), std::move(*footer)));
}

Part::Part(std::string path, uint64_t number, MappedFile file, PartFooter footer)
    : path_(std::move(path)), number_(number), file_(std::move(file)), footer_(std::move(footer)) {}

uint64_t Part::dictionary_size() const {
  return Section(FrameKind::kDictionary).raw_size;
}

Result<const PartColumns*> Part::Columns() const {
  std::lock_guard lock(mutex_);
  if (!checked_) {
    const Status status = CheckColumns();
    if (!status.ok()) return Damaged(status.message());
    checked_ = true;
  }
  return &columns_;
}

Result<std::shared_ptr<const Dictionary>> Part::LoadDictionary() const {
  std::lock_guard lock(mutex_);
  if (auto loaded = dictionary_.lock()) return loaded;
  Result<Dictionary> read = ReadDictionary();
  if (!read.ok()) return Damaged(read.status().message());
  auto loaded = std::make_shared<const Dictionary>(std::move(*read));
  dictionary_ = loaded;
  if (loaded->byte_size() <= kKeptDictionaryBytes) kept_ = loaded;
  return loaded;
}

std::optional<uint32_t> Part::FindTrace(const PartColumns& columns, const span::TraceId& id) {
  if (!FilterMayContain(columns.trace_filter, TraceIdHash(id))) return std::nullopt;
  const auto& order = columns.trace_order;
  const auto found = std::lower_bound(
      order.begin(), order.end(), id,
      [&](uint32_t at, const span::TraceId& wanted) { return columns.traces[at].id < wanted; });
  if (found == order.end() || columns.traces[*found].id != id) return std::nullopt;
  return *found;
}

bool Part::Contains(const PartColumns& columns, const span::SpanEntry& entry,
                    uint64_t content_hash) {
  const auto at = FindTrace(columns, entry.trace_id);
  if (!at) return false;
  const TraceRecord& trace = columns.traces[*at];
  const auto starts = columns.start.subspan(trace.first_row, trace.row_count);
  const auto [first, last] =
      std::equal_range(starts.begin(), starts.end(), entry.start_time_unix_nano);
  for (auto start = first; start != last; ++start) {
    const auto row = trace.first_row + static_cast<size_t>(start - starts.begin());
    if (columns.span_id[row] == entry.span_id && columns.content_hash[row] == content_hash) {
      return true;
    }
  }
  return false;
}

Result<std::string_view> Part::StoredBlock(const BlockRecord& block) const {
  Result<std::string_view> stored =
      CheckedFrame(FrameKind::kPayload, block.offset, block.stored_size, block.raw_size);
  if (!stored.ok()) damaged_block_.store(true, std::memory_order_relaxed);
  return stored;
}

Result<std::string> Part::ReadBlock(const BlockRecord& block) const {
  const Result<std::string_view> stored = StoredBlock(block);
  if (!stored.ok()) return stored.status();
  return Decompress(*stored, block.raw_size);
}

PartRow Part::RowAt(const PartColumns& columns, uint32_t row) {
  return {.start = columns.start[row],
          .end = columns.end[row],
          .span_id = columns.span_id[row],
          .parent_id = columns.parent_id[row],
          .content_hash = columns.content_hash[row],
          .name = columns.name[row],
          .scope = columns.scope[row],
          .block = columns.block[row],
          .offset = columns.offset[row],
          .size = columns.size[row],
          .kind = static_cast<span::SpanKind>(columns.kind[row]),
          .status = static_cast<span::SpanStatus>(columns.status[row])};
}

Result<std::string_view> Part::CheckedFrame(FrameKind kind, uint64_t offset, uint32_t stored_size,
                                            uint32_t raw_size) const {
  const Status bad(StatusCode::kDataLoss,
                   fmt::format("part {}: checksum mismatch at {}", number_, offset));
  const std::string_view file = file_.bytes();
  if (offset > file.size() || kFrameHeaderSize + uint64_t{stored_size} > file.size() - offset) {
    return bad;
  }
  FixedReader header(file.substr(offset, kFrameHeaderSize));
  const auto crc = header.Take<uint32_t>();
  const std::string_view stored = file.substr(offset + kFrameHeaderSize, stored_size);
  if (crc != FrameCrc(footer_.file_id, offset, kind, stored_size, raw_size, stored)) return bad;
  return stored;
}

template <typename T>
Status Part::Bind(FrameKind kind, std::span<const T>* column) const {
  const SectionRecord& section = Section(kind);
  const Result<std::string_view> bytes =
      CheckedFrame(kind, section.offset, section.stored_size, section.raw_size);
  if (!bytes.ok()) return bytes.status();
  *column = {reinterpret_cast<const T*>(bytes->data()), bytes->size() / sizeof(T)};
  return {};
}

Status Part::CheckColumns() const {
  PartColumns& c = columns_;
  std::span<const char> filter;
  SPANDREL_RETURN_IF_ERROR(Bind(FrameKind::kBlocks, &c.blocks));
  SPANDREL_RETURN_IF_ERROR(Bind(FrameKind::kZones, &c.zones));
  SPANDREL_RETURN_IF_ERROR(Bind(FrameKind::kTraces, &c.traces));
  SPANDREL_RETURN_IF_ERROR(Bind(FrameKind::kTraceOrder, &c.trace_order));
  SPANDREL_RETURN_IF_ERROR(Bind(FrameKind::kTraceFilter, &filter));
  SPANDREL_RETURN_IF_ERROR(Bind(FrameKind::kStart, &c.start));
  SPANDREL_RETURN_IF_ERROR(Bind(FrameKind::kEnd, &c.end));
  SPANDREL_RETURN_IF_ERROR(Bind(FrameKind::kSpanId, &c.span_id));
  SPANDREL_RETURN_IF_ERROR(Bind(FrameKind::kParentId, &c.parent_id));
  SPANDREL_RETURN_IF_ERROR(Bind(FrameKind::kContentHash, &c.content_hash));
  SPANDREL_RETURN_IF_ERROR(Bind(FrameKind::kName, &c.name));
  SPANDREL_RETURN_IF_ERROR(Bind(FrameKind::kScope, &c.scope));
  SPANDREL_RETURN_IF_ERROR(Bind(FrameKind::kBlock, &c.block));
  SPANDREL_RETURN_IF_ERROR(Bind(FrameKind::kOffset, &c.offset));
  SPANDREL_RETURN_IF_ERROR(Bind(FrameKind::kSize, &c.size));
  SPANDREL_RETURN_IF_ERROR(Bind(FrameKind::kSpanKind, &c.kind));
  SPANDREL_RETURN_IF_ERROR(Bind(FrameKind::kStatus, &c.status));
  c.trace_filter = {filter.data(), filter.size()};
  return {};
}

Result<Dictionary> Part::ReadDictionary() const {
  const SectionRecord& section = Section(FrameKind::kDictionary);
  const Result<std::string_view> stored =
      CheckedFrame(FrameKind::kDictionary, section.offset, section.stored_size, section.raw_size);
  if (!stored.ok()) return stored.status();
  const Result<std::string> bytes = Decompress(*stored, section.raw_size);
  if (!bytes.ok()) return bytes.status();
  return ParseDictionary(*bytes);
}

const SectionRecord& Part::Section(FrameKind kind) const {
  return *std::find_if(footer_.sections.begin(), footer_.sections.end(),
                       [kind](const SectionRecord& s) { return s.kind == kind; });
}

Status Part::Damaged(const std::string& what) const {
  damaged_.store(true, std::memory_order_relaxed);
  return {StatusCode::kDataLoss, path_ + ": " + what};
}

}  // namespace spandrel::columnar
