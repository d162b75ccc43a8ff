// SPDX-License-Identifier: Apache-2.0
#include "config/uri.h"

#include "config/words.h"

namespace spandrel::config {
namespace {

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool IsScheme(std::string_view word) {
  if (word.size() < 2 || !IsLetter(word[0])) return false;
  for (const char c : word) {
    const bool is_digit = c >= '0' && c <= '9';
    // Beyond RFC 3986, `_`, so that ${MY_HOST:-x} is seen as what it is.
    if (!IsLetter(c) && !is_digit && c != '+' && c != '.' && c != '-' && c != '_') return false;
  }
  return true;
}

}  // namespace

Uri SplitUri(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || !IsScheme(text.substr(0, colon))) return {"", text};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

std::string UnknownScheme(std::string_view scheme) {
  if (scheme == "http" || scheme == "https") {
    return "known scheme " + Quote(scheme) + ", not supported by Spandrel: use file, env or yaml";
  }
  return "unknown scheme " + Quote(scheme) + ": use file, env or yaml";
}

}  // namespace spandrel::config
