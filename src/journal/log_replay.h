// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/status.h"
#include "disk/damage.h"
#include "journal/log_file_bytes.h"
#include "journal/log_options.h"

namespace spandrel::journal {

// A log file that is on disk and not being written, and the last record in it.
struct ClosedLogFile {
  uint64_t number = 0;
  std::string path;
  uint64_t last_sequence = 0;
  uint64_t bytes = 0;     // on disk
  bool reusable = false;  // allocated as a whole by this process, and no write to it failed
};

// What replay found.
struct LogReplay {
  std::vector<ClosedLogFile> files;
  uint64_t last_sequence = 0;   // of a record that is there or was released
  uint64_t torn_tails = 0;      // writes that were cut off, never acknowledged
  uint64_t damaged_places = 0;  // damage with good records behind it
  uint64_t damaged_bytes = 0;
  uint64_t mended_bits = 0;      // turned back in the files, so that nothing is lost
  uint64_t missing_records = 0;  // acknowledged, but not in the log before a later file
  std::vector<disk::Damage> damage;
};

// Takes one record, whose checksum was right. Its bytes stay as long as the place is kept.
using LogRecordVisitor = std::function<void(uint64_t sequence, const LogPlace& place)>;

// Reads every file in order and hands over each record once. A torn tail is cut off; damage in the
// middle is mended where one bit is wrong, else copied to quarantine, counted and skipped; so are
// places that the disk cannot read, and their file is kept in quarantine; of a read-only log,
// nothing is changed. May be repeated after any interruption. Fails, and has changed nothing that
// another try needs, where a file cannot even be opened or is of a later version.
//
// Records up to `released_through` need not be there any more, so that they are not missed.
base::Result<LogReplay> ReplayLog(const LogPaths& paths, uint64_t released_through,
                                  const LogRecordVisitor& visit);

}  // namespace spandrel::journal
