// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "disk/file.h"
#include "disk/space_reserve.h"
#include "journal/log_options.h"
#include "journal/log_replay.h"

namespace spandrel::journal {

// A log file that is being written.
struct OpenLogFile {
  disk::File file;
  uint64_t number = 0;
  uint64_t epoch = 0;
  uint32_t skipped = 0;        // as its header says
  uint64_t size = 0;           // what is allocated
  uint64_t at = 0;             // the end of what was acknowledged
  uint64_t last_sequence = 0;  // 0: it holds no record
};

// The files of a log on disk: makes the next one, keeps those whose records are not all released,
// and keeps up to two done ones as spares, since writing over allocated blocks makes a sync cheaper
// than writing new ones. A spare has no `.log` name, so its old records cannot be replayed; it gets
// one after the header with its new epoch is on disk.
//
// OpenNext, Close and Shrink are for one thread; the rest may be called from any thread.
class LogFiles {
 public:
  // Gives each file its epoch; not to be guessed by whoever sends bodies.
  using EpochSource = std::function<uint64_t()>;

  LogFiles(const LogOptions& options, std::vector<ClosedLogFile> found, EpochSource new_epoch,
           disk::SpaceReserve* reserve);

  // Removes what a killed process left, best effort.
  void RemoveOldSpares() const;

  // A file with room for records of `room` bytes. UNAVAILABLE while the disk is full, which begins
  // before the reserve is touched and ends when it is whole again. On disk with its name, as
  // durable as the options say, when this returns.
  // `skipped` is for the header, see EncodeLogFileHeader.
  base::Result<OpenLogFile> OpenNext(uint64_t room, uint32_t skipped);

  // Takes a file out of use. kKeepSpace: it may become a spare. kCut: gives back what is behind the
  // last acknowledged record, which also drops what was written and not acknowledged; the file goes
  // when that leaves nothing.
  enum class Tail { kKeepSpace, kCut };
  void Close(OpenLogFile file, Tail tail);

  // No record up to `sequence` is needed any more.
  void Release(uint64_t sequence);

  // Removes the spares; there are none until the next file is opened.
  void Shrink();

  uint64_t disk_bytes() const;

 private:
  base::Result<OpenLogFile> Create(uint64_t size, uint32_t skipped);
  base::Result<OpenLogFile> Reuse(const ClosedLogFile& spare, uint32_t skipped);
  base::Status WriteHeader(OpenLogFile* opened, bool reused) const;
  std::optional<ClosedLogFile> TakeSpare();
  void SetOpenBytes(uint64_t bytes);
  // True when it became a spare.
  bool KeepAsSpare(const ClosedLogFile& file);

  const LogOptions options_;
  const EpochSource new_epoch_;
  disk::SpaceReserve* const reserve_;  // null: none
  uint64_t last_number_ = 0;           // of the opening thread

  mutable base::Mutex mutex_;
  std::vector<ClosedLogFile> closed_ SPANDREL_GUARDED_BY(mutex_);
  std::vector<ClosedLogFile> spares_ SPANDREL_GUARDED_BY(mutex_);
  uint64_t released_ SPANDREL_GUARDED_BY(mutex_) = 0;
  uint64_t open_bytes_ SPANDREL_GUARDED_BY(mutex_) = 0;
  bool keeps_spares_ SPANDREL_GUARDED_BY(mutex_) = false;
};

}  // namespace spandrel::journal
