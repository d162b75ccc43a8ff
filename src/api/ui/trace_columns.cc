// SPDX-License-Identifier: Apache-2.0
#include "api/ui/trace_columns.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http/json_text.h"

namespace spandrel::api {
namespace {

static_assert(std::endian::native == std::endian::little,
              "columns are copied as they lie in memory");

constexpr std::string_view kMagic = "SPNDTRC1";
constexpr size_t kAlignment = 8;

enum SpanFlag : uint8_t { kIsError = 1, kIsOk = 2, kIsOrphan = 4, kHasLinks = 8 };

// Numbers distinct texts in the order in which they come.
class Dictionary {
 public:
  explicit Dictionary(size_t limit) : limit_(limit) {}

  // Texts beyond the limit all get the last number.
  size_t IndexOf(std::string_view text) {
    // Neighbours often have the same text.
    if (last_ != numbers_.end() && last_->first == text) return last_->second;
    const auto [at, is_new] = numbers_.try_emplace(text, std::min(numbers_.size(), limit_ - 1));
    if (is_new && texts_.size() < limit_) texts_.push_back(text);
    last_ = at;
    return at->second;
  }
  const std::vector<std::string_view>& texts() const { return texts_; }

 private:
  // Sorted, not hashed: senders choose the texts.
  using Numbers = std::map<std::string_view, size_t>;

  const size_t limit_;
  Numbers numbers_;
  Numbers::const_iterator last_ = numbers_.end();
  std::vector<std::string_view> texts_;
};

template <typename Small>
Small Saturate(uint32_t value) {
  return static_cast<Small>(std::min<uint32_t>(value, std::numeric_limits<Small>::max()));
}

uint8_t FlagsOf(const query::PlacedSpan& placed, bool has_links) {
  const span::SpanStatus status = placed.span.entry().status;
  int flags = 0;
  if (status == span::SpanStatus::kError) flags |= kIsError;
  if (status == span::SpanStatus::kOk) flags |= kIsOk;
  if (placed.is_orphan) flags |= kIsOrphan;
  if (has_links) flags |= kHasLinks;
  return static_cast<uint8_t>(flags);
}

struct Columns {
  explicit Columns(const query::TraceLayout& layout) {
    const size_t count = layout.spans.size();
    start.reserve(count);
    duration.reserve(count);
    subtree.reserve(count);
    operation.reserve(count);
    service.reserve(count);
    depth.reserve(count);
    events.reserve(count);
    kind.reserve(count);
    flags.reserve(count);
    span_id.reserve(count);
    for (const query::PlacedSpan& placed : layout.spans) Add(placed, layout.start_time_unix_nano);
  }

  void Add(const query::PlacedSpan& placed, uint64_t trace_start) {
    const span::SpanEntry& entry = placed.span.entry();
    const span::SpanView view = placed.span.span();
    start.push_back(static_cast<double>(entry.start_time_unix_nano - trace_start));
    duration.push_back(static_cast<double>(entry.duration_nano()));
    subtree.push_back(placed.subtree_size);
    operation.push_back(static_cast<uint32_t>(operations.IndexOf(placed.span.name())));
    service.push_back(static_cast<uint16_t>(services.IndexOf(placed.span.service_name())));
    depth.push_back(Saturate<uint16_t>(placed.depth));
    events.push_back(Saturate<uint16_t>(view.event_count));
    kind.push_back(static_cast<uint8_t>(entry.kind));
    flags.push_back(FlagsOf(placed, view.link_count > 0));
    span_id.push_back(entry.span_id);
  }

  Dictionary services{size_t{1} << 16};
  Dictionary operations{SIZE_MAX};
  std::vector<double> start;
  std::vector<double> duration;
  std::vector<uint32_t> subtree;
  std::vector<uint32_t> operation;
  std::vector<uint16_t> service;
  std::vector<uint16_t> depth;
  std::vector<uint16_t> events;
  std::vector<uint8_t> kind;
  std::vector<uint8_t> flags;
  std::vector<span::SpanId> span_id;
};

size_t PaddingAt(size_t offset) {
  return (kAlignment - offset % kAlignment) % kAlignment;
}

constexpr std::string_view kZeros("\0\0\0\0\0\0\0\0", kAlignment);

// Columns in the order in which they lie behind the header, which describes them first.
class ColumnFile {
 public:
  explicit ColumnFile(wire::JsonWriter* header) : header_(header) {}

  template <typename T>
  void Add(std::string_view name, std::string_view type, const std::vector<T>& column) {
    const size_t offset = size_ + PaddingAt(size_);
    header_->Key(name);
    header_->OpenObject();
    TextField("type", type, header_);
    UintField("offset", offset, header_);
    header_->CloseObject();
    const std::string_view bytes(reinterpret_cast<const char*>(column.data()),
                                 column.size() * sizeof(T));
    columns_.push_back({offset, bytes});
    size_ = offset + bytes.size();
  }

  base::Status WriteTo(const PieceWriter& write) const {
    size_t at = 0;
    for (const auto& [offset, bytes] : columns_) {
      SPANDREL_RETURN_IF_ERROR(write(kZeros.substr(0, offset - at)));
      SPANDREL_RETURN_IF_ERROR(write(bytes));
      at = offset + bytes.size();
    }
    return {};
  }

 private:
  struct Column {
    size_t offset;
    std::string_view bytes;
  };

  wire::JsonWriter* header_;
  std::vector<Column> columns_;
  size_t size_ = 0;
};

void WriteTexts(std::string_view key, const std::vector<std::string_view>& texts,
                wire::JsonWriter* json) {
  json->Key(key);
  json->OpenArray();
  for (const std::string_view text : texts) json->String(text);
  json->CloseArray();
}

void AddColumns(const Columns& columns, wire::JsonWriter* header, ColumnFile* file) {
  header->Key("columns");
  header->OpenObject();
  file->Add("start", "f64", columns.start);
  file->Add("duration", "f64", columns.duration);
  file->Add("subtree", "u32", columns.subtree);
  file->Add("operation", "u32", columns.operation);
  file->Add("service", "u16", columns.service);
  file->Add("depth", "u16", columns.depth);
  file->Add("events", "u16", columns.events);
  file->Add("kind", "u8", columns.kind);
  file->Add("flags", "u8", columns.flags);
  file->Add("spanId", "u8", columns.span_id);
  header->CloseObject();
}

}  // namespace

base::Status WriteTraceColumns(const span::TraceId& trace_id, const query::TraceLayout& layout,
                               const PieceWriter& write) {
  const Columns columns(layout);
  std::string header;
  wire::JsonWriter json(&header);
  ColumnFile file(&json);
  json.OpenObject();
  TextField("traceId", trace_id.ToHex(), &json);
  UintField("spanCount", layout.spans.size(), &json);
  DecimalField("startNs", layout.start_time_unix_nano, &json);
  DecimalField("durationNs", layout.end_time_unix_nano - layout.start_time_unix_nano, &json);
  WriteTexts("services", columns.services.texts(), &json);
  WriteTexts("operations", columns.operations.texts(), &json);
  AddColumns(columns, &json, &file);
  json.CloseObject();

  const auto header_size = static_cast<uint32_t>(header.size());
  std::string head(kMagic);
  head.append(reinterpret_cast<const char*>(&header_size), sizeof(header_size));
  head += header;
  head += kZeros.substr(0, PaddingAt(head.size()));
  SPANDREL_RETURN_IF_ERROR(write(head));
  return file.WriteTo(write);
}

}  // namespace spandrel::api
