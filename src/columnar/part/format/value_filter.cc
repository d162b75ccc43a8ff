// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/format/value_filter.h"

// Inlined: the texts that are hashed are short.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

#include "base/fixed.h"
#include "columnar/part/format/bloom_filter.h"

namespace spandrel::columnar {
namespace {

constexpr uint64_t kKeySeed = 1;
constexpr uint64_t kTextSeed = 2;
constexpr uint64_t kOtherSeed = 3;
// About one false positive in 100. A row group that is looked into in vain costs a fraction of a
// millisecond, a bit more costs all spans.
constexpr size_t kBitsPerValue = 10;

uint64_t Hash(std::string_view text, uint64_t seed) {
  return XXH3_64bits_withSeed(text.data(), text.size(), seed);
}

}  // namespace

uint64_t KeyHash(std::string_view key) {
  return Hash(key, kKeySeed);
}

uint64_t TextValueHash(std::string_view key, std::string_view text) {
  return Hash(text, Hash(key, kTextSeed));
}

uint64_t OtherValueHash(std::string_view key) {
  return Hash(key, kOtherSeed);
}

void ValueFilterBuilder::AddAll(span::AttributeReader attributes) {
  while (const auto attribute = attributes.Next()) {
    const bool is_text = attribute->value.type() == span::ValueType::kString;
    repeated_.push_back(KeyHash(attribute->key));
    repeated_.push_back(is_text ? TextValueHash(attribute->key, attribute->value.bytes())
                                : OtherValueHash(attribute->key));
  }
}

void ValueFilterBuilder::AddEventsAndLinks(std::string_view message) {
  span::MessageReader events(message, span::otlp::kSpanEvents);
  while (const auto event = events.Next()) AddAll({*event, span::otlp::kEventAttributes});
  span::MessageReader links(message, span::otlp::kSpanLinks);
  while (const auto link = links.Next()) AddAll({*link, span::otlp::kLinkAttributes});
}

std::string ValueFilterBuilder::Finish() {
  std::sort(repeated_.begin(), repeated_.end());
  repeated_.erase(std::unique(repeated_.begin(), repeated_.end()), repeated_.end());
  BloomFilterBuilder filter(hashes_.size() + repeated_.size(), kBitsPerValue);
  for (const uint64_t hash : repeated_) filter.Add(hash);
  for (const uint64_t hash : hashes_) filter.Add(hash);
  return std::string(base::BytesOf(filter.words()));
}

}  // namespace spandrel::columnar
