// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <utility>

#include "base/mutex.h"
#include "columnar/part/read/part.h"
#include "storage/query_context.h"

namespace spandrel::columnar {

// What one read had to leave out because it is damaged: row groups, each counted once however often
// they are asked for. Lives no longer than the snapshot. Thread-safe.
class DamageNotes {
 public:
  void Add(const Part& part, uint32_t group) {
    base::MutexLock lock(mutex_);
    if (!groups_.emplace(&part, group).second) return;
    spans_ += part.footer().groups[group].row_count;
  }
  // The same of all row groups of a part.
  void Add(const Part& part) {
    for (uint32_t i = 0; i < part.footer().groups.size(); ++i) Add(part, i);
  }
  uint64_t spans() const {
    base::MutexLock lock(mutex_);
    return spans_;
  }
  // Says it of an answer that was given.
  void TellTo(const storage::QueryContext& context) const {
    base::MutexLock lock(mutex_);
    for (const auto& [part, group] : groups_) Tell(*part, group, context);
  }
  static void TellOf(const Part& part, const storage::QueryContext& context) {
    for (uint32_t i = 0; i < part.footer().groups.size(); ++i) Tell(part, i, context);
  }

 private:
  static void Tell(const Part& part, uint32_t group, const storage::QueryContext& context) {
    const uint64_t place = part.footer().file_id + group;  // file ids are random
    context.NoteUnreadable(place, part.footer().groups[group].row_count);
  }

  mutable base::Mutex mutex_;
  std::set<std::pair<const Part*, uint32_t>> groups_ SPANDREL_GUARDED_BY(mutex_);
  uint64_t spans_ SPANDREL_GUARDED_BY(mutex_) = 0;
};

}  // namespace spandrel::columnar
