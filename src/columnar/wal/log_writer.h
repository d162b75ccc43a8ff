// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/metrics.h"
#include "base/status.h"
#include "columnar/options/options.h"
#include "columnar/options/store_layout.h"
#include "columnar/wal/block_writer.h"
#include "columnar/wal/log_files.h"
#include "columnar/wal/log_replay.h"
#include "disk/space_reserve.h"
#include "span/span_batch.h"
#include "storage/store.h"

namespace spandrel::columnar {

// A batch on its way into the log.
struct LogEntry {
  span::SpanBatch batch;
  storage::Completion done;
  std::string encoded;  // the body, where the chunks' own bytes cannot be written as they are
  uint64_t body_size = 0;
  uint32_t body_crc = 0;
  uint64_t sequence = 0;
};

// Writes batches to the log with one thread. What waits when a sync has ended is the next group:
// one write, one fdatasync, then `publish`, then every waiter's completion. A lone batch is
// therefore never delayed, and no timer is needed to release the last of a burst.
//
// A write or sync that fails is final for its file: the file is closed and the group is written
// again to a new one. Where that fails too the group is refused with UNAVAILABLE, and so is every
// later one until a new file can be made and synced.
class LogWriter {
 public:
  // Makes the group readable. Called on the writer's thread in order of sequence.
  using Publish = std::function<void(std::vector<LogEntry>& group)>;

  static uint64_t RandomEpoch();

  // Makes the first file, so that an unwritable directory shows at start; on a full disk it begins
  // by refusing. `reserve` may be null.
  static base::Result<std::unique_ptr<LogWriter>> Open(
      const EngineOptions& options, const StoreLayout& layout, LogReplay found,
      base::MetricRegistry& metrics, Publish publish, disk::SpaceReserve* reserve,
      LogFiles::EpochSource new_epoch = RandomEpoch);
  // Stops.
  ~LogWriter();

  // Never blocks for long. The batch must not be empty.
  void Append(span::SpanBatch&& batch, storage::Completion done);

  // Removes or keeps for later use the files whose records are all sealed. Any thread.
  void Release(uint64_t sealed_through) { files_.Release(sealed_through); }

  // Writes what waits, then ends the thread. Later appends are refused, and no file is kept whose
  // records are sealed.
  void Stop();

  uint64_t waiting_bytes() const;
  uint64_t disk_bytes() const { return files_.disk_bytes(); }

 private:
  LogWriter(const EngineOptions& options, StoreLayout layout, LogReplay found,
            base::MetricRegistry& metrics, Publish publish, disk::SpaceReserve* reserve,
            LogFiles::EpochSource new_epoch);

  void Run();
  // With mutex_ held. Gives disk space back when nothing comes for long. False at the end.
  bool WaitForWork(std::unique_lock<std::mutex>& lock);
  // With mutex_ held.
  std::vector<LogEntry> TakeGroup();
  base::Status WriteGroup(std::vector<LogEntry>& group);
  base::Status TryWriteGroup(std::vector<LogEntry>& group);
  base::Status OpenNextFile(uint64_t room, uint64_t skipped = 0);
  void CloseFile(LogFiles::Tail tail);
  void GiveSpaceBack();

  const EngineOptions options_;
  const Publish publish_;
  base::Counter& syncs_;
  base::Counter& written_bytes_;
  base::Counter& failures_;
  base::Counter& refused_;

  LogFiles files_;

  // Of the writer's thread; of Open before it runs, of Stop after it ended.
  std::optional<OpenLogFile> file_;
  BlockWriter blocks_;  // of file_
  uint64_t last_sequence_ = 0;
  uint64_t acknowledged_ = 0;  // the last sequence that was not refused

  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<LogEntry> waiting_;  // guarded by mutex_
  uint64_t waiting_bytes_ = 0;    // guarded by mutex_
  bool stopping_ = false;         // guarded by mutex_

  std::thread thread_;
};

}  // namespace spandrel::columnar
