// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "columnar/part/format/dictionary.h"
#include "columnar/part/format/part_footer.h"
#include "columnar/part/format/part_guard.h"
#include "columnar/part/write/row_group_builder.h"
#include "columnar/part/write/row_group_encoder.h"
#include "disk/file.h"

namespace spandrel::columnar {

// Writes one part file, a row group at a time: rows are given to rows(), EndGroup writes them. The
// file is removed unless Finish succeeded. One thread.
class PartWriter {
 public:
  static base::Result<std::unique_ptr<PartWriter>> Create(const std::string& path, Effort effort);
  ~PartWriter();
  PartWriter(const PartWriter&) = delete;
  PartWriter& operator=(const PartWriter&) = delete;

  DictionaryBuilder& dictionary() { return dictionary_; }
  RowGroupBuilder& rows() { return rows_; }

  // Writes what rows() holds, if anything, as a row group.
  base::Status EndGroup();

  // Writes a row group that is encoded already; its scopes and names are those of dictionary().
  base::Status AddGroup(const EncodedRowGroup& encoded);

  // Says that the policy of retention was applied to all traces that are written. Those that are
  // left elsewhere come in any order.
  void MarkPolicyApplied(PolicyRecord record);

  // Writes the last row group, the dictionary and the footer, and syncs the file. At least one row
  // must have been given.
  base::Status Finish(uint64_t sealed_through, std::vector<uint64_t> replaces);

  uint64_t file_id() const { return footer_.file_id; }

 private:
  PartWriter(disk::File file, uint64_t file_id, Effort effort);

  base::Result<SectionRecord> WriteSection(SectionKind kind, std::string_view stored,
                                           uint32_t raw_size);
  base::Status WriteDictionary();
  base::Status WriteFooter();
  base::Status Write(std::string_view bytes);
  // What the guard does not cover.
  base::Status WriteUnguarded(std::string_view bytes);
  base::Status Flush();

  disk::File file_;
  const Effort effort_;
  bool finished_ = false;
  uint64_t at_ = 0;      // where the next byte goes
  std::string pending_;  // bytes before at_ that are not written yet
  PartGuardBuilder guard_;

  DictionaryBuilder dictionary_;
  RowGroupBuilder rows_;
  PartFooter footer_;
};

}  // namespace spandrel::columnar
