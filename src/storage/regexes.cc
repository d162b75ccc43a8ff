// SPDX-License-Identifier: Apache-2.0
#include "storage/regexes.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <atomic>

#include "storage/query_context.h"

namespace spandrel::storage {
namespace {

using base::Result;

std::atomic<uint64_t> compiled_so_far{0};

// Less than this is of little use to a regular expression.
constexpr size_t kLeastRegexBytes = size_t{64} << 10;

// Memory for so many, each of which may take `share`: less than it wants where there is less.
Result<base::ByteBudget::Reservation> ReserveForAll(const QueryContext& context, size_t count,
                                                    size_t* share) {
  while (true) {
    auto memory = context.ReserveApart(count * *share);
    if (memory.ok() || *share / 2 < kLeastRegexBytes) return memory;
    *share /= 2;
  }
}

}  // namespace

Result<std::shared_ptr<const Regexes>> Regexes::Compile(
    std::span<const std::string_view> patterns) {
  return Compile(QueryContext(), patterns);
}

Result<std::shared_ptr<const Regexes>> Regexes::Compile(
    const QueryContext& context, std::span<const std::string_view> patterns) {
  const auto regexes = std::make_shared<Regexes>();
  for (const std::string_view pattern : patterns) {
    regexes->compiled_.emplace(std::string(pattern), nullptr);
  }
  const size_t count = regexes->compiled_.size();
  if (count == 0) return std::shared_ptr<const Regexes>(regexes);
  size_t share = std::min(kMaxRegexBytes, kMaxRegexBytesOfQuery / count);
  auto memory = ReserveForAll(context, count, &share);
  if (!memory.ok()) return memory.status();
  regexes->memory_ = *std::move(memory);
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(static_cast<int64_t>(share));
  for (auto& [pattern, regex] : regexes->compiled_) {
    SPANDREL_RETURN_IF_ERROR(context.Check());
    compiled_so_far.fetch_add(1, std::memory_order_relaxed);
    regex = std::make_shared<const RE2>(pattern, options);
    if (!regex->ok()) {
      return base::Status(base::StatusCode::kInvalidArgument,
                          fmt::format("regular expression '{}': {}", pattern, regex->error()));
    }
  }
  return std::shared_ptr<const Regexes>(regexes);
}

const RE2* Regexes::Find(std::string_view pattern) const {
  const auto found = compiled_.find(pattern);
  return found == compiled_.end() ? nullptr : found->second.get();
}

uint64_t Regexes::CompiledSoFar() {
  return compiled_so_far.load(std::memory_order_relaxed);
}

}  // namespace spandrel::storage
