// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <unordered_map>

#include "base/byte_budget.h"
#include "base/mutex.h"

namespace spandrel::columnar {

// What was read of parts last and stays open, since whoever asks once asks again: row groups and
// dictionaries, of all parts of a store within one number of bytes. What was used longest ago goes
// first. Any thread.
class OpenParts {
 public:
  using Thing = std::shared_ptr<const void>;

  // Reserves what it keeps from `budget`, which others may share and which outlives it; null:
  // kDefaultBytes of its own.
  explicit OpenParts(base::ByteBudget* budget = nullptr);
  OpenParts(const OpenParts&) = delete;
  OpenParts& operator=(const OpenParts&) = delete;
  ~OpenParts() { Clear(); }

  static constexpr size_t kDefaultBytes = size_t{256} << 20;

  // `thing` of `part` is used: it stays, unless it does not fit even alone.
  void Use(const void* part, const Thing& thing, size_t bytes);
  // Lets go of what is of that part.
  void Forget(const void* part);
  void Clear();

  size_t bytes() const;

 private:
  struct Kept {
    const void* part = nullptr;
    Thing thing;
    base::ByteBudget::Reservation memory;
  };
  using List = std::list<Kept>;

  base::ByteBudget own_;
  base::ByteBudget& budget_;
  mutable base::Mutex mutex_;
  List kept_ SPANDREL_GUARDED_BY(mutex_);  // used last: at the end
  std::unordered_map<const void*, List::iterator> places_ SPANDREL_GUARDED_BY(mutex_);
};

}  // namespace spandrel::columnar
