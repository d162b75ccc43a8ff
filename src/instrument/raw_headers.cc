// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "instrument/text.h"
#include "spandrel/http_carrier.h"

namespace spandrel::http {

RawHeaders::RawHeaders(std::string_view block) : rest_(block) {
  while (size_ < kIndexed && NextLine(rest_, lines_[size_])) ++size_;
}

// Takes lines off `rest` until one of them is a header; false at the end.
bool RawHeaders::NextLine(std::string_view& rest, Line& line) {
  while (!rest.empty()) {
    const void* const found = std::memchr(rest.data(), '\n', rest.size());
    const size_t end = found == nullptr
                           ? rest.size()
                           : static_cast<size_t>(static_cast<const char*>(found) - rest.data());
    const std::string_view text = rest.substr(0, end);
    rest.remove_prefix(found == nullptr ? end : end + 1);
    if (text.empty() || text[0] == ' ' || text[0] == '\t') continue;
    const size_t colon = text.find(':');
    // A name has no blanks, which sets it apart from a request line with "http://".
    if (colon == std::string_view::npos || colon == 0) continue;
    if (std::memchr(text.data(), ' ', colon) != nullptr) continue;
    const std::string_view value = instrument::Trim(text.substr(colon + 1));
    line = {text.data(), value.data(), colon, value.size()};
    return true;
  }
  return false;
}

// Lines of one name grow one text, so that many of them cost no more than their bytes.
void RawHeaders::Add(const Line& line, std::string_view name, Found& found) const {
  if (line.name_size != name.size()) return;
  if (!instrument::EqualsIgnoringCase({line.name, line.name_size}, name)) return;
  const std::string_view value(line.value, line.value_size);
  if (found.value.empty()) {
    found.value = value;
    return;
  }
  if (found.joined == nullptr) found.joined = &joined_.emplace_front(found.value);
  found.value = found.joined->append(",").append(value);
}

std::string_view RawHeaders::Find(std::string_view name) const {
  Found found;
  for (size_t i = 0; i < size_; ++i) Add(lines_[i], name, found);
  Line line;
  for (std::string_view rest = rest_; NextLine(rest, line);) Add(line, name, found);
  return found.value;
}

}  // namespace spandrel::http
