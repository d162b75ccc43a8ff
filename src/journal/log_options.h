// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace spandrel::journal {

inline constexpr std::string_view kSpareLogExtension = "spare";

// What a record survives once it is acknowledged.
enum class Durability : uint8_t {
  kFsync,   // power loss: acknowledged after fdatasync
  kOs,      // the death of the process: acknowledged after the write
  kMemory,  // nothing: no log is written, records are only passed on in order
};

// The folders of a log, which exist, and the names in them.
struct LogPaths {
  std::string folder;
  std::string quarantine;  // where copies of damaged bytes go
  // The log is only looked at: what is torn or damaged stays as it is, and nothing is copied.
  bool read_only = false;

  std::string File(uint64_t number) const;
  // A log file that is done and kept to be written over.
  std::string SpareFile(uint64_t number) const;
};

struct LogOptions {
  LogPaths paths;
  Durability durability = Durability::kFsync;
  // Bytes written by one sync at most; a larger record goes alone.
  uint64_t group_commit_bytes = uint64_t{1} << 20;
  // Size of a file; each is allocated as a whole when it is made.
  uint64_t max_file_bytes = uint64_t{64} << 20;
  // After this long without a record the log gives back the disk space that it does not need.
  std::chrono::milliseconds idle{60'000};
  // More than this waiting to be written is refused with UNAVAILABLE.
  uint64_t max_waiting_bytes = uint64_t{64} << 20;
  // The log is late while what waits would take longer than this, and is more than a group. Who
  // appends can ask (LogWriter::lateness) and shed before the queue is long; the log itself takes
  // what comes.
  std::chrono::milliseconds max_wait{150};
  // Whether the folder is still the owner's. Asked before files are made or removed, and after each
  // write: an error refuses what was written. Any thread; empty: it always is.
  std::function<base::Status()> check_place = {};

  base::Status CheckPlace() const { return check_place ? check_place() : base::Status(); }
};

}  // namespace spandrel::journal
