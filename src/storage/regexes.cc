// SPDX-License-Identifier: Apache-2.0
#include "storage/regexes.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "storage/expression.h"

namespace spandrel::storage {

base::Result<std::shared_ptr<const Regexes>> Regexes::Compile(const Expression& expression) {
  const auto regexes = std::make_shared<Regexes>();
  const auto& nodes = expression.nodes();
  for (size_t i = 1; i < nodes.size(); ++i) {
    const bool is_match =
        nodes[i].kind == Expression::Kind::kCompare &&
        (nodes[i].compare == CompareOp::kMatches || nodes[i].compare == CompareOp::kDoesNotMatch);
    if (!is_match || !nodes[i - 1].value) continue;
    const auto* pattern = std::get_if<std::string>(&*nodes[i - 1].value);
    if (pattern != nullptr) regexes->compiled_.emplace(*pattern, nullptr);
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
