// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace spandrel::base {

// The candidate that `word` was most likely meant to be: the one with the fewest swaps, insertions,
// deletions and replacements, whatever their case, if these are at most a third of its letters, or
// one. Null when none is near. Words of more than 64 bytes are near nothing.
const std::string* NearestWord(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace spandrel::base
