// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/byte_budget.h"
#include "base/status.h"

namespace re2 {
class RE2;
}

namespace spandrel::storage {

class QueryContext;

// The regular expressions (RE2) of one query, each compiled once, whoever asks it: evaluators of
// the whole, of its parts and of what narrows it share them. One takes at most kMaxRegexBytes, its
// automaton's states included, and all together kMaxRegexBytesOfQuery: of many each gets its share.
// Immutable and thread-safe.
class Regexes {
 public:
  // INVALID_ARGUMENT when one is malformed or does not fit its share. A pattern that comes again
  // counts once. All that they may take is reserved of the query before they are compiled, for as
  // long as they are there: RESOURCE_EXHAUSTED when there is no room.
  static base::Result<std::shared_ptr<const Regexes>> Compile(
      const QueryContext& context, std::span<const std::string_view> patterns);
  // The same outside of a query, with no memory counted.
  static base::Result<std::shared_ptr<const Regexes>> Compile(
      std::span<const std::string_view> patterns);

  // One of those that were compiled; null for any other.
  const re2::RE2* Find(std::string_view pattern) const;

  // How many this process has compiled so far, whoever asked for them.
  static uint64_t CompiledSoFar();

 private:
  base::ByteBudget::Reservation memory_;
  std::map<std::string, std::shared_ptr<const re2::RE2>, std::less<>> compiled_;
};

inline constexpr size_t kMaxRegexBytes = size_t{1} << 20;
inline constexpr size_t kMaxRegexBytesOfQuery = size_t{32} << 20;

}  // namespace spandrel::storage
