// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "columnar/disk/file.h"
#include "columnar/part/dictionary.h"
#include "columnar/part/part_footer.h"
#include "span/ids.h"

struct ZSTD_CCtx_s;

namespace spandrel::columnar {

// One span as a part keeps it beside its message.
struct PartRow {
  uint64_t start = 0;
  uint64_t end = 0;
  span::SpanId span_id;
  span::SpanId parent_id;
  uint64_t content_hash = 0;
  uint32_t name = 0;    // in the dictionary
  uint32_t scope = 0;   // in the dictionary
  uint32_t block = 0;   // payload block
  uint32_t offset = 0;  // of the message in the block
  uint32_t size = 0;
  span::SpanKind kind = span::SpanKind::kUnspecified;
  span::SpanStatus status = span::SpanStatus::kUnset;
};

// Writes one part file: payload blocks as they come, the columns at the end. The order of calls is
// free between blocks and rows; rows come trace by trace, traces by their earliest start, a trace's
// rows by start time. The file is removed unless Finish succeeded. One thread.
class PartWriter {
 public:
  static base::Result<std::unique_ptr<PartWriter>> Create(const std::string& path);
  ~PartWriter();
  PartWriter(const PartWriter&) = delete;
  PartWriter& operator=(const PartWriter&) = delete;

  DictionaryBuilder& dictionary() { return dictionary_; }

  // Compresses and writes a payload block. Blocks are numbered from 0.
  base::Status AddBlock(std::string_view messages);
  // Writes a block that is compressed already.
  base::Status CopyBlock(std::string_view stored, uint32_t raw_size);
  uint32_t block_count() const { return static_cast<uint32_t>(blocks_.size()); }

  // Makes room for that many rows and traces in all.
  void Reserve(size_t rows, size_t traces);
  void BeginTrace(const span::TraceId& id);
  void AddRow(const PartRow& row);

  // Writes the columns and the footer and syncs the file.
  base::Status Finish(uint64_t sealed_through, std::vector<uint64_t> replaces);

  uint64_t file_id() const { return footer_.file_id; }

 private:
  PartWriter(File file, uint64_t file_id);

  base::Result<uint64_t> WriteFrame(FrameKind kind, std::string_view stored, uint32_t raw_size);
  base::Status WriteSection(FrameKind kind, std::string_view bytes);
  base::Status WriteDictionary();
  base::Status WriteTraces();
  base::Status WriteColumns();
  base::Result<std::string_view> Compress(std::string_view bytes);
  base::Status Write(std::string_view bytes);
  base::Status Flush();

  File file_;
  bool finished_ = false;
  uint64_t at_ = 0;      // where the next byte goes
  std::string pending_;  // bytes before at_ that are not written yet
  std::string compressed_;
  ZSTD_CCtx_s* zstd_ = nullptr;

  DictionaryBuilder dictionary_;
  PartFooter footer_;
  std::vector<BlockRecord> blocks_;
  std::vector<TraceRecord> traces_;
  std::vector<uint64_t> starts_;
  std::vector<uint64_t> ends_;
  std::vector<span::SpanId> span_ids_;
  std::vector<span::SpanId> parent_ids_;
  std::vector<uint64_t> content_hashes_;
  std::vector<uint32_t> names_;
  std::vector<uint32_t> scopes_;
  std::vector<uint32_t> row_blocks_;
  std::vector<uint32_t> offsets_;
  std::vector<uint32_t> sizes_;
  std::vector<uint8_t> kinds_;
  std::vector<uint8_t> statuses_;
};

}  // namespace spandrel::columnar
