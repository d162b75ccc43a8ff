// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "base/mutex.h"
#include "base/status.h"
#include "disk/space_reserve.h"
#include "journal/block_writer.h"
#include "journal/log_files.h"
#include "journal/log_options.h"
#include "journal/log_replay.h"
#include "journal/record.h"

namespace spandrel::journal {

// What a log counts, under names that its owner chooses.
struct LogCounters {
  base::Counter& syncs;
  base::Counter& written_bytes;
  base::Counter& failures;  // writes or syncs; each closed its file
};

// Writes records to a log with one thread. What waits when a sync has ended is the next group: one
// write, one fdatasync, then every record is published, then completed. A lone record is therefore
// never delayed, and no timer is needed to release the last of a burst.
//
// A write or sync that fails is final for its file: the file is closed and the group is written
// again to a new one. Where that fails too the group is refused with UNAVAILABLE, and so is every
// later one until a new file can be made and synced. A group is also refused when, after it was
// written, its file or folder is not where it was: nobody would find it again.
class LogWriter {
 public:
  static uint64_t RandomEpoch();

  // Goes on where `found` ends. Makes the first file, so that an unwritable directory shows at
  // start; on a full disk it begins by refusing. `reserve` may be null.
  static base::Result<std::unique_ptr<LogWriter>> Open(
      const LogOptions& options, LogReplay found, LogCounters counters, disk::SpaceReserve* reserve,
      LogFiles::EpochSource new_epoch = RandomEpoch);
  // Stops.
  ~LogWriter();

  // Any thread. Never blocks for long.
  void Append(std::unique_ptr<Record> record);

  // Records up to `sequence` are not needed any more: files that have no other ones are removed, or
  // kept to be written over. Any thread.
  void Release(uint64_t sequence) { files_.Release(sequence); }

  // Writes what waits, then ends the thread. Later appends are refused, and no file is kept whose
  // records are released.
  void Stop();

  // Why records are refused now; OK while they are taken. It is found out without a record too: the
  // log tries once a second whether it can go on.
  base::Status refusal() const;

  uint64_t waiting_bytes() const;
  // How long what is appended now would wait, in LogOptions::max_wait: by what waits and how fast
  // the log was last, or by how long the first of it has waited. 0 while no more than a group
  // waits.
  double lateness() const;
  uint64_t disk_bytes() const { return files_.disk_bytes(); }

 private:
  using Clock = std::chrono::steady_clock;

  // A record on its way into the log.
  struct Entry {
    std::unique_ptr<Record> record;
    std::string key;  // as it is written, with its size in front; empty: none is
    std::vector<std::string_view> payload;
    uint64_t body_size = 0;
    uint32_t body_crc = 0;
    uint64_t sequence = 0;
    Clock::time_point since;
    bool has_completed = false;

    void Complete(const base::Status& status) {
      if (!std::exchange(has_completed, true)) record->Complete(status);
    }
  };

  LogWriter(const LogOptions& options, LogReplay found, LogCounters counters,
            disk::SpaceReserve* reserve, LogFiles::EpochSource new_epoch);

  static void AddBody(const Entry& entry, std::vector<iovec>* parts);
  static uint64_t GroupSize(const std::vector<Entry>& group);
  void Run();
  // Gives disk space back when nothing comes for long. False at the end.
  bool WaitForWork(base::MutexLock& lock) SPANDREL_REQUIRES(mutex_);
  std::vector<Entry> TakeGroup() SPANDREL_REQUIRES(mutex_);
  void Settle(std::vector<Entry>& group);
  void NoteSpeed(Clock::duration taken) SPANDREL_REQUIRES(mutex_);
  base::Status WriteGroup(const std::vector<Entry>& group);
  base::Status TryWriteGroup(const std::vector<Entry>& group);
  base::Status CheckPlace() const;
  // What came of trying to write, or to be able to. A change is logged.
  void NoteOutcome(const base::Status& status);
  void TryAgain();
  base::Status Sync();
  base::Status OpenNextFile(uint64_t room, uint64_t skipped = 0);
  void GiveFileUp();
  void CloseFile(LogFiles::Tail tail);
  void GiveSpaceBack();

  const LogOptions options_;
  const LogCounters counters_;

  LogFiles files_;

  // Of the writer's thread; of Open before it runs, of Stop after it ended.
  std::optional<OpenLogFile> file_;
  BlockWriter blocks_;  // of file_
  uint64_t last_sequence_ = 0;
  uint64_t acknowledged_ = 0;  // the last sequence that was not refused

  mutable base::Mutex mutex_;
  base::CondVar ready_;
  std::deque<Entry> waiting_ SPANDREL_GUARDED_BY(mutex_);
  uint64_t waiting_bytes_ SPANDREL_GUARDED_BY(mutex_) = 0;
  uint64_t settling_bytes_ SPANDREL_GUARDED_BY(mutex_) = 0;  // of the group that is being written
  double bytes_per_second_ SPANDREL_GUARDED_BY(mutex_) = 64 << 20;  // lately; at first a guess
  bool stopping_ SPANDREL_GUARDED_BY(mutex_) = false;
  base::Status refusal_ SPANDREL_GUARDED_BY(mutex_);

  std::thread thread_;
};

}  // namespace spandrel::journal
