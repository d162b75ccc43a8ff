// SPDX-License-Identifier: Apache-2.0
#include "journal/log_writer.h"

#include <algorithm>
#include <random>

#include "base/crc32c.h"
#include "base/log.h"
#include "base/thread.h"
#include "disk/file.h"
#include "disk/mutant.h"
#include "journal/log_record.h"

namespace spandrel::journal {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

constexpr std::chrono::milliseconds kRetryWhenBusy{100};
constexpr std::chrono::milliseconds kRetryWhenBroken{1000};
// How much of the speed of a group becomes the speed of the log.
constexpr double kNewSpeed = 0.125;
constexpr std::string_view kPadding("\0\0\0\0\0\0\0\0", kLogAlignment);

void AddBytes(std::string_view bytes, std::vector<iovec>* parts) {
  if (!bytes.empty()) parts->push_back({const_cast<char*>(bytes.data()), bytes.size()});
}

}  // namespace

Result<std::unique_ptr<LogWriter>> LogWriter::Open(const LogOptions& options, LogReplay found,
                                                   LogCounters counters,
                                                   disk::SpaceReserve* reserve,
                                                   LogFiles::EpochSource new_epoch) {
  std::unique_ptr<LogWriter> writer(
      new LogWriter(options, std::move(found), counters, reserve, std::move(new_epoch)));
  writer->files_.RemoveOldSpares();
  if (options.durability != Durability::kMemory) {
    const Status opened = writer->OpenNextFile(0);
    if (!opened.ok() && !disk::IsDiskFull(opened)) return opened;
    writer->NoteOutcome(opened);
  }
  writer->thread_ = std::thread([raw = writer.get()] { raw->Run(); });
  return writer;
}

LogWriter::LogWriter(const LogOptions& options, LogReplay found, LogCounters counters,
                     disk::SpaceReserve* reserve, LogFiles::EpochSource new_epoch)
    : options_(options),
      counters_(counters),
      files_(options, std::move(found.files), std::move(new_epoch), reserve),
      last_sequence_(found.last_sequence),
      acknowledged_(found.last_sequence) {}

uint64_t LogWriter::RandomEpoch() {
  std::random_device random;
  return uint64_t{random()} << 32 | random();
}

LogWriter::~LogWriter() {
  Stop();
}

void LogWriter::Append(std::unique_ptr<Record> record) {
  Entry entry;
  const std::string_view key = record->Key();
  if (!key.empty()) entry.key.assign(1, static_cast<char>(key.size())).append(key);
  entry.body_size = entry.key.size() + record->byte_size();
  entry.record = std::move(record);
  if (key.size() > kMaxLogKeySize) {
    return entry.Complete(Status(StatusCode::kInvalidArgument, "key is longer than 255 bytes"));
  }
  if (entry.body_size > kMaxLogBody) {
    return entry.Complete(Status(StatusCode::kInvalidArgument, "record is larger than 1 GiB"));
  }
  if (options_.durability != Durability::kMemory) {
    entry.payload = entry.record->Payload();
    entry.body_crc = base::Crc32c(entry.key);
    for (const std::string_view piece : entry.payload) {
      entry.body_crc = base::Crc32c(piece, entry.body_crc);
    }
  }
  {
    base::MutexLock lock(mutex_);
    const bool fits =
        waiting_.empty() || waiting_bytes_ + entry.body_size <= options_.max_waiting_bytes;
    if (!stopping_ && fits) {
      waiting_bytes_ += entry.body_size;
      entry.since = Clock::now();
      waiting_.push_back(std::move(entry));
      ready_.NotifyOne();
      return;
    }
  }
  entry.Complete(Status::Unavailable("too much is waiting for the disk", kRetryWhenBusy));
}

void LogWriter::Stop() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
    ready_.NotifyOne();
  }
  if (thread_.joinable()) thread_.join();
  GiveSpaceBack();
}

Status LogWriter::refusal() const {
  base::MutexLock lock(mutex_);
  return refusal_;
}

void LogWriter::NoteOutcome(const Status& status) {
  base::MutexLock lock(mutex_);
  const bool changed = status.code() != refusal_.code();
  refusal_ = status;
  if (!changed) return;
  if (status.ok()) return base::LogInfo("log: records are taken again");
  base::LogError("log cannot be written, refusing records: {}", status.message());
}

uint64_t LogWriter::waiting_bytes() const {
  base::MutexLock lock(mutex_);
  return waiting_bytes_;
}

// A group may wait however slow the disk is: it is written by the next sync.
double LogWriter::lateness() const {
  using Seconds = std::chrono::duration<double>;
  base::MutexLock lock(mutex_);
  if (waiting_bytes_ <= options_.group_commit_bytes) return 0;
  const auto unwritten = static_cast<double>(waiting_bytes_ + settling_bytes_);
  const Seconds waited = Clock::now() - waiting_.front().since;
  const Seconds wait = std::max(Seconds(unwritten / bytes_per_second_), waited);
  return wait / Seconds(options_.max_wait);
}

void LogWriter::Run() {
  base::NameThisThread("spandrel-log");
  base::MutexLock lock(mutex_);
  while (WaitForWork(lock)) {
    std::vector<Entry> group = TakeGroup();
    const Clock::time_point began = Clock::now();
    lock.Unlock();
    Settle(group);
    group.clear();
    lock.Lock();
    NoteSpeed(Clock::now() - began);
  }
}

// A small group tells how long a sync takes, not how many bytes go into one.
void LogWriter::NoteSpeed(Clock::duration taken) {
  const auto bytes = static_cast<double>(std::exchange(settling_bytes_, 0));
  if (bytes < static_cast<double>(options_.group_commit_bytes) / 2) return;
  const double seconds = std::max(std::chrono::duration<double>(taken).count(), 1e-6);
  bytes_per_second_ += kNewSpeed * (bytes / seconds - bytes_per_second_);
}

void LogWriter::Settle(std::vector<Entry>& group) {
  if (disk::MutantIs(disk::Mutant::kAckBeforeWrite)) {
    for (Entry& entry : group) entry.Complete(Status());
  }
  const Status written = options_.durability == Durability::kMemory ? Status() : WriteGroup(group);
  if (written.ok()) {
    for (Entry& entry : group) entry.record->Publish(entry.sequence);
  }
  for (Entry& entry : group) entry.Complete(written);
}

bool LogWriter::WaitForWork(base::MutexLock& lock) {
  const auto is_due = [this]() SPANDREL_REQUIRES(mutex_) { return stopping_ || !waiting_.empty(); };
  while (!refusal_.ok() && !ready_.WaitFor(lock, kRetryWhenBroken, is_due)) {
    mutex_.Unlock();
    TryAgain();
    mutex_.Lock();
  }
  if (!ready_.WaitFor(lock, options_.idle, is_due)) {
    mutex_.Unlock();
    GiveSpaceBack();
    mutex_.Lock();
    ready_.Wait(lock, is_due);
  }
  return !waiting_.empty();
}

std::vector<LogWriter::Entry> LogWriter::TakeGroup() {
  std::vector<Entry> group;
  uint64_t bytes = 0;
  while (!waiting_.empty()) {
    Entry& next = waiting_.front();
    if (!group.empty() && bytes + next.body_size > options_.group_commit_bytes) break;
    bytes += next.body_size;
    next.sequence = ++last_sequence_;
    group.push_back(std::move(next));
    waiting_.pop_front();
  }
  waiting_bytes_ -= bytes;
  settling_bytes_ = bytes;
  return group;
}

Status LogWriter::WriteGroup(const std::vector<Entry>& group) {
  const bool had_file = file_.has_value();
  Status status = TryWriteGroup(group);
  if (!status.ok()) {
    GiveFileUp();
    if (had_file) base::LogError("log file given up: {}", status.message());
    status = TryWriteGroup(group);
    if (!status.ok()) GiveFileUp();
  }
  NoteOutcome(status);
  return status.ok() ? status : Status::Unavailable(status.message(), kRetryWhenBroken);
}

void LogWriter::GiveFileUp() {
  counters_.failures.Add();
  CloseFile(LogFiles::Tail::kCut);
}

void LogWriter::AddBody(const Entry& entry, std::vector<iovec>* parts) {
  AddBytes(entry.key, parts);
  for (const std::string_view piece : entry.payload) AddBytes(piece, parts);
  const uint64_t room = LogRecordSize(entry.body_size) - kLogRecordHeaderSize;
  AddBytes(kPadding.substr(0, room - entry.body_size), parts);
}

uint64_t LogWriter::GroupSize(const std::vector<Entry>& group) {
  uint64_t size = 0;
  for (const Entry& entry : group) size += LogRecordSize(entry.body_size);
  return size;
}

Status LogWriter::TryWriteGroup(const std::vector<Entry>& group) {
  const uint64_t size = GroupSize(group);
  if (!file_ || file_->at + size > file_->size) {
    const uint64_t skipped = group.front().sequence - 1 - acknowledged_;
    SPANDREL_RETURN_IF_ERROR(OpenNextFile(size, skipped));
  }
  std::vector<LogRecordHeader> headers;
  headers.reserve(group.size());
  std::vector<iovec> parts;
  for (const Entry& entry : group) {
    headers.push_back(EncodeLogRecordHeader(file_->epoch, entry.sequence,
                                            static_cast<uint32_t>(entry.body_size), entry.body_crc,
                                            !entry.key.empty()));
    AddBytes({headers.back().data(), headers.back().size()}, &parts);
    AddBody(entry, &parts);
  }
  const uint64_t end = file_->at + size;
  if (end + kLogEndMark.size() <= file_->size) AddBytes(kLogEndMark, &parts);
  SPANDREL_RETURN_IF_ERROR(blocks_.Write(&parts, file_->at, end));
  if (options_.durability == Durability::kFsync) SPANDREL_RETURN_IF_ERROR(Sync());
  SPANDREL_RETURN_IF_ERROR(CheckPlace());
  file_->at = end;
  file_->last_sequence = group.back().sequence;
  acknowledged_ = group.back().sequence;
  counters_.written_bytes.Add(size);
  return {};
}

// Of the directory first, since it says what the matter is.
Status LogWriter::CheckPlace() const {
  SPANDREL_RETURN_IF_ERROR(options_.CheckPlace());
  if (file_->file.IsInPlace()) return {};
  return {StatusCode::kNotFound, file_->file.path() + ": was removed or moved away while in use"};
}

Status LogWriter::Sync() {
  if (disk::MutantIs(disk::Mutant::kSkipLogSync)) return {};
  Status synced = file_->file.SyncData();
  if (disk::MutantIs(disk::Mutant::kRetryFailedSync) && !synced.ok()) {
    synced = file_->file.SyncData();
  }
  if (disk::MutantIs(disk::Mutant::kIgnoreFailedSync)) synced = Status();
  if (synced.ok()) counters_.syncs.Add();
  return synced;
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

void LogWriter::TryAgain() {
  NoteOutcome(OpenNextFile(0, last_sequence_ - acknowledged_));
}

void LogWriter::GiveSpaceBack() {
  CloseFile(LogFiles::Tail::kCut);
  files_.Shrink();
}

}  // namespace spandrel::journal
