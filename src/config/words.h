// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace spandrel::config {

// The word in single quotes for a message, cut when long.
std::string Quote(std::string_view word);

// "; did you mean 'endpoint'?" for the candidate that is nearest to `word` (swaps, insertions,
// deletions, replacements, case), or the empty string when none is near.
std::string DidYouMean(std::string_view word, const std::vector<std::string>& candidates);

// "a, b or c"; empty for none.
std::string JoinWords(const std::vector<std::string>& words, std::string_view last_separator);

}  // namespace spandrel::config
