// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/read/open_parts.h"

#include <utility>

namespace spandrel::columnar {

OpenParts::OpenParts(base::ByteBudget* budget)
    : own_(kDefaultBytes), budget_(budget == nullptr ? own_ : *budget) {}

void OpenParts::Use(const void* part, const Thing& thing, size_t bytes) {
  List gone;  // closed after the lock is given back
  const base::MutexLock lock(mutex_);
  if (const auto known = places_.find(thing.get()); known != places_.end()) {
    kept_.splice(kept_.end(), kept_, known->second);
    return;
  }
  base::ByteBudget::Reservation memory;
  while (!budget_.TryReserve(bytes, &memory)) {
    if (kept_.empty() || bytes > budget_.limit()) return;
    places_.erase(kept_.front().thing.get());
    kept_.front().memory.Release();
    gone.splice(gone.end(), kept_, kept_.begin());
  }
  kept_.push_back({part, thing, std::move(memory)});
  places_.emplace(thing.get(), std::prev(kept_.end()));
}

void OpenParts::Forget(const void* part) {
  List gone;
  const base::MutexLock lock(mutex_);
  for (auto at = kept_.begin(); at != kept_.end();) {
    const auto next = std::next(at);
    if (at->part == part) {
      places_.erase(at->thing.get());
      gone.splice(gone.end(), kept_, at);
    }
    at = next;
  }
}

void OpenParts::Clear() {
  List gone;
  const base::MutexLock lock(mutex_);
  places_.clear();
  gone.swap(kept_);
}

size_t OpenParts::bytes() const {
  const base::MutexLock lock(mutex_);
  size_t bytes = 0;
  for (const Kept& kept : kept_) bytes += kept.memory.bytes();
  return bytes;
}

}  // namespace spandrel::columnar
