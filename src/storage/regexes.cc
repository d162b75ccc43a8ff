// SPDX-License-Identifier: Apache-2.0
#include "storage/regexes.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

namespace spandrel::storage {

base::Result<std::shared_ptr<const Regexes>> Regexes::Compile(
    std::span<const std::string_view> patterns) {
  const auto regexes = std::make_shared<Regexes>();
  for (const std::string_view pattern : patterns) {
    regexes->compiled_.emplace(std::string(pattern), nullptr);
  }
  RE2::Options options;
  options.set_log_errors(false);
  const size_t share = kMaxRegexBytesOfQuery / std::max<size_t>(1, regexes->compiled_.size());
  options.set_max_mem(static_cast<int64_t>(std::min(kMaxRegexBytes, share)));
  for (auto& [pattern, regex] : regexes->compiled_) {
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

}  // namespace spandrel::storage
