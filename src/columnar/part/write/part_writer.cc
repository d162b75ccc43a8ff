// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/write/part_writer.h"

#include <algorithm>
#include <random>

#include "base/fixed.h"
#include "base/log.h"
#include "disk/directory.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

constexpr size_t kWriteBytes = 1 << 20;
constexpr int kDictionaryLevel = 3;

uint64_t RandomFileId() {
  std::random_device random;
  return uint64_t{random()} << 32 | random();
}

}  // namespace

Result<std::unique_ptr<PartWriter>> PartWriter::Create(const std::string& path, Effort effort) {
  SPANDREL_RETURN_IF_ERROR(disk::RemoveFile(path));
  Result<disk::File> file = disk::File::Create(path);
  if (!file.ok()) return file.status();
  std::unique_ptr<PartWriter> writer(new PartWriter(std::move(*file), RandomFileId(), effort));
  std::string header;
  base::AppendFixed(kPartMagic, &header);
  base::AppendFixed(writer->file_id(), &header);
  SPANDREL_RETURN_IF_ERROR(writer->Write(header));
  return writer;
}

PartWriter::PartWriter(disk::File file, uint64_t file_id, Effort effort)
    : file_(std::move(file)), effort_(effort), rows_(dictionary_) {
  footer_.file_id = file_id;
}

PartWriter::~PartWriter() {
  if (finished_) return;
  const Status removed = disk::RemoveFile(file_.path());
  if (!removed.ok()) base::LogWarn("cannot remove unfinished part: {}", removed.message());
}

Status PartWriter::EndGroup() {
  if (rows_.row_count() == 0) return {};
  const EncodedRowGroup encoded = EncodeRowGroup(rows_, effort_);
  rows_.Clear();
  return AddGroup(encoded);
}

Status PartWriter::AddGroup(const EncodedRowGroup& encoded) {
  GroupRecord group;
  group.row_count = encoded.row_count;
  group.trace_count = encoded.trace_count;
  group.min_start = encoded.min_start;
  group.max_start = encoded.max_start;
  group.max_duration = encoded.max_duration;
  group.message_bytes = encoded.message_bytes;
  std::vector<SectionRecord> sections;
  for (const EncodedSection& section : encoded.sections) {
    const auto written = WriteSection(section.kind, section.bytes, section.raw_size);
    if (!written.ok()) return written.status();
    if (section.kind == SectionKind::kTraceFilter) group.trace_filter = *written;
    if (section.kind == SectionKind::kValueFilter) group.value_filter = *written;
    if (section.kind == SectionKind::kLatencies) group.latencies = *written;
    sections.push_back(*written);
  }
  const std::string_view directory = base::BytesOf(sections);
  const auto written =
      WriteSection(SectionKind::kDirectory, directory, static_cast<uint32_t>(directory.size()));
  if (!written.ok()) return written.status();
  group.directory = *written;
  footer_.groups.push_back(group);
  footer_.row_count += group.row_count;
  footer_.trace_count += group.trace_count;
  footer_.min_start = std::min(footer_.min_start, group.min_start);
  footer_.max_start = std::max(footer_.max_start, group.max_start);
  return {};
}

void PartWriter::MarkPolicyApplied(PolicyRecord record) {
  std::vector<uint64_t>& left = record.left_elsewhere;
  std::sort(left.begin(), left.end());
  left.erase(std::unique(left.begin(), left.end()), left.end());
  left.resize(std::min(left.size(), kMaxLeftElsewhere));
  footer_.policy = std::move(record);
}

Status PartWriter::Finish(uint64_t sealed_through, std::vector<uint64_t> replaces) {
  SPANDREL_RETURN_IF_ERROR(EndGroup());
  footer_.sealed_through = sealed_through;
  footer_.replaces = std::move(replaces);
  SPANDREL_RETURN_IF_ERROR(WriteDictionary());
  SPANDREL_RETURN_IF_ERROR(WriteFooter());
  SPANDREL_RETURN_IF_ERROR(Flush());
  SPANDREL_RETURN_IF_ERROR(file_.SyncAll());
  finished_ = true;
  return {};
}

Result<SectionRecord> PartWriter::WriteSection(SectionKind kind, std::string_view stored,
                                               uint32_t raw_size) {
  if (stored.size() > UINT32_MAX) {
    return Status(StatusCode::kResourceExhausted, "part section is larger than 4 GiB");
  }
  const size_t padding = (kPartAlignment - at_ % kPartAlignment) % kPartAlignment;
  const SectionRecord section{kind, static_cast<uint32_t>(stored.size()), raw_size, 0,
                              at_ + padding};
  std::string header(padding, '\0');
  base::AppendFixed(SectionCrc(footer_.file_id, section, stored), &header);
  base::AppendFixed(kind, &header);
  base::AppendFixed(section.stored_size, &header);
  base::AppendFixed(raw_size, &header);
  SPANDREL_RETURN_IF_ERROR(Write(header));
  SPANDREL_RETURN_IF_ERROR(Write(stored));
  return section;
}

Status PartWriter::WriteDictionary() {
  const std::string bytes = EncodeDictionary(std::move(dictionary_).Finish());
  const EncodedSection encoded =
      CompressedSection(SectionKind::kDictionary, bytes, kDictionaryLevel);
  const auto section = WriteSection(encoded.kind, encoded.bytes, encoded.raw_size);
  if (!section.ok()) return section.status();
  footer_.dictionary = *section;
  return {};
}

// Twice, with the guard between them, so that one is left whatever is damaged.
Status PartWriter::WriteFooter() {
  const std::string footer = EncodePartFooter(footer_);
  SPANDREL_RETURN_IF_ERROR(Write(footer));
  SPANDREL_RETURN_IF_ERROR(WriteUnguarded(guard_.Finish()));
  return WriteUnguarded(footer);
}

Status PartWriter::Write(std::string_view bytes) {
  guard_.Add(bytes);
  return WriteUnguarded(bytes);
}

Status PartWriter::WriteUnguarded(std::string_view bytes) {
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
