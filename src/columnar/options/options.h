// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/intake_gate.h"
#include "base/status.h"
#include "journal/log_options.h"
#include "storage/store.h"

namespace spandrel::columnar {

// What an acknowledged span survives before it is sealed.
using journal::Durability;

// "fsync", "os", "memory".
std::string_view DurabilityName(Durability durability);

// Retention by policy: which traces are kept once they have left the hot window. All fields name
// reasons to keep a trace; one is enough.
struct PolicyOptions {
  // An attribute of any span of the trace or of its resource has this text.
  struct Match {
    std::string key;
    std::string value;
  };

  // A trace is kept whole while its part's newest span is not older; 0: nothing is judged.
  std::chrono::seconds keep_whole_for{0};
  bool keep_errors = false;
  // Traces that last longer; 0: for no such reason.
  std::chrono::nanoseconds keep_slower_than{0};
  std::vector<Match> keep_matching;
  // So many of each shape (the services, names and kinds of a trace's spans) that start in the same
  // hour.
  uint32_t keep_per_shape_and_hour = 0;
  // One in so many of the rest, each of which then stands for so many.
  uint16_t keep_one_in = 1;
};
inline constexpr uint16_t kMaxKeepOneIn = 10'000;

struct EngineOptions {
  // Where the store lives. Must exist unless `create_directory` is set.
  std::string directory;
  bool create_directory = false;
  // The store is only looked at: nothing in the directory changes (but the lock file, since it is
  // taken for this process all the same), appends are refused, nothing expires. What is in the log
  // is held in memory.
  bool read_only = false;

  // Spans and questions are of the tenant that they name; else all are of the one that has no name.
  bool tenants = false;
  // More are refused with RESOURCE_EXHAUSTED.
  size_t max_tenants = 10'000;

  Durability durability = Durability::kFsync;

  // The head is sealed into a part when it reaches any of these. 64 MiB keep two heads (one being
  // filled, one being sealed) within the memory goal at full speed, and make parts large enough
  // that merging stays rare; the age bounds what a quiet server holds in memory and replays at
  // start.
  uint64_t seal_bytes = uint64_t{32} << 20;
  uint64_t seal_spans = 128 * 1024;
  std::chrono::milliseconds seal_age{10'000};

  // Bytes written by one sync at most; a larger request goes alone.
  uint64_t group_commit_bytes = uint64_t{1} << 20;
  // Size of a log file; each is allocated as a whole when it is made.
  uint64_t max_log_file_bytes = uint64_t{64} << 20;

  // After this long without an append the log gives back the disk space that it does not need.
  std::chrono::milliseconds log_idle{60'000};

  // More than this waiting for the log is refused with UNAVAILABLE.
  uint64_t max_waiting_bytes = uint64_t{64} << 20;
  // While what came now would wait for the log for longer, whoever receives spans is told so
  // (`intake`).
  std::chrono::milliseconds max_log_wait{150};
  // More than this in heads that are not sealed yet is refused with UNAVAILABLE; with tenants, of
  // one of them more than half of it.
  uint64_t max_head_bytes = uint64_t{256} << 20;

  // Bytes of messages that a merge has in memory at a time.
  uint64_t max_joined_bytes = uint64_t{64} << 20;

  // The process's memory, as far as the store is to keep to it; see UseMemory.
  storage::StoreMemory memory;
  // Learns when what came now would be stored late; outlives the store. Null: nobody asks.
  base::IntakeGate* intake = nullptr;

  // Parts of similar size are merged when this many have come together.
  size_t merge_fan_in = 8;
  // No merge makes a part of more bytes or spans than this.
  uint64_t max_part_bytes = uint64_t{1} << 30;
  uint64_t max_part_spans = 8 * 1024 * 1024;

  // Parts whose newest span is older are dropped; 0 keeps everything. Age is told by the retention
  // clock (compaction/policy.h), which a jump of the wall clock does not move.
  std::chrono::seconds max_age{0};
  // The oldest parts are dropped while all parts together are larger; 0 keeps everything.
  uint64_t max_bytes = 0;
  // The oldest parts are dropped while less of the disk is free, but never all (kKeptOnFullDisk);
  // 0: for no such reason. Unset: 5 % of the file system, 2 GiB at most.
  std::optional<uint64_t> min_free_bytes;

  // Disk space that is kept for sealing when the disk is full, but not more than a hundredth of the
  // file system; 0: none.
  uint64_t reserve_bytes = uint64_t{64} << 20;

  // Parts are read through at this pace, once a day, so that damage is found while it can be
  // mended; 0: they are not.
  uint64_t scrub_bytes_per_second = uint64_t{1} << 20;

  PolicyOptions policy;

  const base::Clock* clock = &base::SystemClock();

  // Keeps to these shares of the process's memory, and chooses the sizes of heads and of what a
  // merge works on so that they fit in.
  void UseMemory(const storage::StoreMemory& shares);

  // INVALID_ARGUMENT that names the first option that makes no sense.
  base::Status Validate() const;
};

}  // namespace spandrel::columnar
