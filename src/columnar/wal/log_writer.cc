// SPDX-License-Identifier: Apache-2.0
#include "columnar/wal/log_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "base/crc32c.h"
#include "base/log.h"
#include "base/thread.h"
#include "columnar/wal/log_record.h"
#include "disk/file.h"
#include "disk/mutant.h"
#include "disk/space_reserve.h"
#include "wire/otlp/otlp.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

constexpr std::chrono::milliseconds kRetryWhenBusy{100};
constexpr std::chrono::milliseconds kRetryWhenBroken{1000};
constexpr std::string_view kPadding("\0\0\0\0\0\0\0\0", kLogAlignment);

bool CanWriteAsIs(const span::SpanBatch& batch) {
  return std::all_of(batch.chunks().begin(), batch.chunks().end(),
                     [](const auto& chunk) { return chunk->whole; });
}

// Requests concatenate (protobuf's repeated fields), so whole chunks make a body as they are.
void PrepareBody(LogEntry* entry) {
  if (!CanWriteAsIs(entry->batch)) {
    entry->encoded = wire::EncodeOtlpProtobuf(entry->batch);
    entry->body_size = entry->encoded.size();
    entry->body_crc = base::Crc32c(entry->encoded);
    return;
  }
  for (const auto& chunk : entry->batch.chunks()) {
    entry->body_size += chunk->bytes().size();
    entry->body_crc = base::Crc32c(chunk->bytes(), entry->body_crc);
  }
}

void AddBytes(std::string_view bytes, std::vector<iovec>* parts) {
  if (!bytes.empty()) parts->push_back({const_cast<char*>(bytes.data()), bytes.size()});
}

void AddBody(const LogEntry& entry, std::vector<iovec>* parts) {
  if (!entry.encoded.empty()) {
    AddBytes(entry.encoded, parts);
  } else {
    for (const auto& chunk : entry.batch.chunks()) AddBytes(chunk->bytes(), parts);
  }
  const uint64_t room = LogRecordSize(entry.body_size) - kLogRecordHeaderSize;
  AddBytes(kPadding.substr(0, room - entry.body_size), parts);
}

// What Mutant::kAckBeforeWrite does.
void AcknowledgeTooEarly(std::vector<LogEntry>& group) {
  for (LogEntry& entry : group) std::exchange(entry.done, [](const Status&) {})(Status());
}

uint64_t GroupSize(const std::vector<LogEntry>& group) {
  uint64_t size = 0;
  for (const LogEntry& entry : group) size += LogRecordSize(entry.body_size);
  return size;
}

}  // namespace

Result<std::unique_ptr<LogWriter>> LogWriter::Open(const EngineOptions& options,
                                                   const StoreLayout& layout, LogReplay found,
                                                   base::MetricRegistry& metrics, Publish publish,
                                                   disk::SpaceReserve* reserve,
                                                   LogFiles::EpochSource new_epoch) {
  std::unique_ptr<LogWriter> writer(new LogWriter(options, layout, std::move(found), metrics,
                                                  std::move(publish), reserve,
                                                  std::move(new_epoch)));
  writer->files_.RemoveOldSpares();
  if (options.durability != Durability::kMemory) {
    const Status opened = writer->OpenNextFile(0);
    if (!opened.ok() && !disk::IsDiskFull(opened)) return opened;
    if (!opened.ok()) base::LogError("refusing spans: {}", opened.message());
  }
  writer->thread_ = std::thread([raw = writer.get()] { raw->Run(); });
  return writer;
}

LogWriter::LogWriter(const EngineOptions& options, StoreLayout layout, LogReplay found,
                     base::MetricRegistry& metrics, Publish publish, disk::SpaceReserve* reserve,
                     LogFiles::EpochSource new_epoch)
    : options_(options),
      publish_(std::move(publish)),
      syncs_(metrics.AddCounter("spandrel_store_log_syncs_total", "Syncs of the write-ahead log.")),
      written_bytes_(metrics.AddCounter("spandrel_store_log_written_bytes_total",
                                        "Bytes written to the write-ahead log.")),
      failures_(
          metrics.AddCounter("spandrel_store_log_failures_total",
                             "Writes or syncs of the log that failed; each closed its file.")),
      refused_(metrics.AddCounter("spandrel_store_refused_spans_total",
                                  "Spans that the store refused; the sender was told.",
                                  {{"reason", "log"}})),
      files_(options, std::move(layout), std::move(found.files), std::move(new_epoch), reserve),
      last_sequence_(found.last_sequence),
      acknowledged_(found.last_sequence) {}

uint64_t LogWriter::RandomEpoch() {
  std::random_device random;
  return uint64_t{random()} << 32 | random();
}

LogWriter::~LogWriter() {
  Stop();
}

void LogWriter::Append(span::SpanBatch&& batch, storage::Completion done) {
  LogEntry entry{std::move(batch), std::move(done)};
  const bool logged = options_.durability != Durability::kMemory;
  if (logged) PrepareBody(&entry);
  if (!logged) entry.body_size = entry.batch.byte_size();
  if (entry.body_size > kMaxLogBody) {
    refused_.Add(entry.batch.span_count());
    return entry.done(Status(StatusCode::kInvalidArgument, "request is larger than 1 GiB"));
  }
  {
    std::lock_guard lock(mutex_);
    const bool fits =
        waiting_.empty() || waiting_bytes_ + entry.body_size <= options_.max_waiting_bytes;
    if (!stopping_ && fits) {
      waiting_bytes_ += entry.body_size;
      waiting_.push_back(std::move(entry));
      ready_.notify_one();
      return;
    }
  }
  refused_.Add(entry.batch.span_count());
  entry.done(Status::Unavailable("store: too much is waiting for the disk", kRetryWhenBusy));
}

void LogWriter::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    ready_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
  GiveSpaceBack();
}

uint64_t LogWriter::waiting_bytes() const {
  std::lock_guard lock(mutex_);
  return waiting_bytes_;
}

void LogWriter::Run() {
  base::NameThisThread("spandrel-log");
  std::unique_lock lock(mutex_);
  while (WaitForWork(lock)) {
    std::vector<LogEntry> group = TakeGroup();
    lock.unlock();
    if (disk::MutantIs(disk::Mutant::kAckBeforeWrite)) AcknowledgeTooEarly(group);
    const Status written =
        options_.durability == Durability::kMemory ? Status() : WriteGroup(group);
    if (written.ok()) publish_(group);
    for (LogEntry& entry : group) {
      if (!written.ok()) refused_.Add(entry.batch.span_count());
      entry.done(written);
    }
    group.clear();
    lock.lock();
  }
}

bool LogWriter::WaitForWork(std::unique_lock<std::mutex>& lock) {
  const auto is_due = [this] { return stopping_ || !waiting_.empty(); };
  if (!ready_.wait_for(lock, options_.log_idle, is_due)) {
    lock.unlock();
    GiveSpaceBack();
    lock.lock();
    ready_.wait(lock, is_due);
  }
  return !waiting_.empty();
}

std::vector<LogEntry> LogWriter::TakeGroup() {
  std::vector<LogEntry> group;
  uint64_t bytes = 0;
  while (!waiting_.empty()) {
    LogEntry& next = waiting_.front();
    if (!group.empty() && bytes + next.body_size > options_.group_commit_bytes) break;
    bytes += next.body_size;
    next.sequence = ++last_sequence_;
    group.push_back(std::move(next));
    waiting_.pop_front();
  }
  waiting_bytes_ -= bytes;
  return group;
}

Status LogWriter::WriteGroup(std::vector<LogEntry>& group) {
  Status status = TryWriteGroup(group);
  if (status.ok()) return status;
  failures_.Add();
  base::LogError("log file given up: {}", status.message());
  CloseFile(LogFiles::Tail::kCut);
  status = TryWriteGroup(group);
  if (status.ok()) return status;
  failures_.Add();
  base::LogError("log cannot be written, refusing spans: {}", status.message());
  CloseFile(LogFiles::Tail::kCut);
  return Status::Unavailable("store: " + status.message(), kRetryWhenBroken);
}

Status LogWriter::TryWriteGroup(std::vector<LogEntry>& group) {
  const uint64_t size = GroupSize(group);
  if (!file_ || file_->at + size > file_->size) {
    const uint64_t skipped = group.front().sequence - 1 - acknowledged_;
    SPANDREL_RETURN_IF_ERROR(OpenNextFile(size, skipped));
  }
  std::vector<LogRecordHeader> headers;
  headers.reserve(group.size());
  std::vector<iovec> parts;
  for (const LogEntry& entry : group) {
    headers.push_back(EncodeLogRecordHeader(
        file_->epoch, entry.sequence, static_cast<uint32_t>(entry.body_size), entry.body_crc));
    AddBytes({headers.back().data(), headers.back().size()}, &parts);
    AddBody(entry, &parts);
  }
  const uint64_t end = file_->at + size;
  if (end + kLogEndMark.size() <= file_->size) AddBytes(kLogEndMark, &parts);
  SPANDREL_RETURN_IF_ERROR(blocks_.Write(&parts, file_->at, end));
  if (options_.durability == Durability::kFsync && !disk::MutantIs(disk::Mutant::kSkipLogSync)) {
    Status synced = file_->file.SyncData();
    if (disk::MutantIs(disk::Mutant::kRetryFailedSync) && !synced.ok())
      synced = file_->file.SyncData();
    if (disk::MutantIs(disk::Mutant::kIgnoreFailedSync)) synced = Status();
    SPANDREL_RETURN_IF_ERROR(synced);
    syncs_.Add();
  }
  file_->at = end;
  file_->last_sequence = group.back().sequence;
  acknowledged_ = group.back().sequence;
  written_bytes_.Add(size);
  return {};
}

Status LogWriter::OpenNextFile(uint64_t room, uint64_t skipped) {
  CloseFile(LogFiles::Tail::kKeepSpace);
  Result<OpenLogFile> next = files_.OpenNext(room, static_cast<uint32_t>(skipped));
  if (!next.ok()) return next.status();
  file_ = std::move(*next);
  const bool past_cache = options_.durability == Durability::kFsync;
  blocks_.Begin(&file_->file, file_->at, file_->size, past_cache);
  return {};
}

void LogWriter::CloseFile(LogFiles::Tail tail) {
  if (file_) files_.Close(std::move(*file_), tail);
  blocks_.End();
  file_.reset();
}

void LogWriter::GiveSpaceBack() {
  CloseFile(LogFiles::Tail::kCut);
  files_.Shrink();
}

}  // namespace spandrel::columnar
