// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "span/span_view.h"

namespace spandrel::columnar {

// What a value filter answers: whether some span of a row group, or one of its events or links, has
// an attribute with this key, this key and this text, or this key and a value that is no text.
uint64_t KeyHash(std::string_view key);
uint64_t TextValueHash(std::string_view key, std::string_view text);
uint64_t OtherValueHash(std::string_view key);

// Collects the hashes of a row group's attributes. One thread.
class ValueFilterBuilder {
 public:
  void AddKey(std::string_view key) { hashes_.push_back(KeyHash(key)); }
  void AddText(std::string_view key, std::string_view text) {
    hashes_.push_back(TextValueHash(key, text));
  }
  void AddOther(std::string_view key) { hashes_.push_back(OtherValueHash(key)); }
  // All attributes of a list, which may have been added before.
  void AddAll(span::AttributeReader attributes);
  // All attributes of a message's events and links.
  void AddEventsAndLinks(std::string_view message);

  // The filter: see BloomFilter.
  std::string Finish();

 private:
  std::vector<uint64_t> hashes_;    // distinct
  std::vector<uint64_t> repeated_;  // of lists; perhaps not
};

}  // namespace spandrel::columnar
