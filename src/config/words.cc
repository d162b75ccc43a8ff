// SPDX-License-Identifier: Apache-2.0
#include "config/words.h"

#include "base/nearest_word.h"

namespace spandrel::config {
namespace {

constexpr size_t kLongestWord = 64;

}  // namespace

std::string Quote(std::string_view word) {
  if (word.size() <= kLongestWord) return "'" + std::string(word) + "'";
  return "'" + std::string(word.substr(0, kLongestWord)) + "...'";
}

std::string DidYouMean(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string* const nearest = base::NearestWord(word, candidates);
  return nearest == nullptr ? "" : "; did you mean '" + *nearest + "'?";
}

std::string JoinWords(const std::vector<std::string>& words, std::string_view last_separator) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? std::string(last_separator) : ", ";
    text += words[i];
  }
  return text;
}

}  // namespace spandrel::config
