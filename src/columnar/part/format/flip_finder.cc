// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/format/flip_finder.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>

#include "base/crc32c.h"

namespace spandrel::columnar {
namespace {

// So many pairs of choices are compared at most: by chance, one in 500 pages that cannot be told
// has a pair that fits. Whoever uses what was mended has a checksum of his own.
constexpr uint64_t kMaxPairs = uint64_t{1} << 23;
constexpr size_t kMaxChosen = 3;
constexpr uint32_t kNone = UINT32_MAX;

// A few of the candidates, by their place among them, and the difference that they make.
struct Choice {
  uint32_t difference = 0;
  std::array<uint32_t, kMaxChosen> places{kNone, kNone, kNone};
  friend bool operator<(const Choice& a, const Choice& b) { return a.difference < b.difference; }
};

uint64_t ChoiceCount(uint64_t candidates, size_t chosen) {
  uint64_t count = 1;
  uint64_t of_this_size = 1;
  for (size_t i = 0; i < chosen && i < candidates; ++i) {
    of_this_size = of_this_size * (candidates - i) / (i + 1);
    count += of_this_size;
  }
  return count;
}

// All choices of up to `chosen` of the candidates.
std::vector<Choice> ChoicesOf(const std::vector<uint32_t>& changes, size_t chosen) {
  std::vector<Choice> choices(1);
  choices.reserve(ChoiceCount(changes.size(), chosen));
  size_t begin = 0;
  for (size_t size = 0; size < chosen; ++size) {
    const size_t end = choices.size();
    for (size_t at = begin; at < end; ++at) {
      const size_t next = size == 0 ? 0 : choices[at].places[size - 1] + 1;
      for (size_t place = next; place < changes.size(); ++place) {
        Choice more = choices[at];
        more.difference ^= changes[place];
        more.places[size] = static_cast<uint32_t>(place);
        choices.push_back(more);
      }
    }
    begin = end;
  }
  return choices;
}

// The places of one of them and not of both.
std::vector<uint32_t> Together(const Choice& a, const Choice& b) {
  std::vector<uint32_t> places;
  std::set_symmetric_difference(a.places.begin(), a.places.end(), b.places.begin(), b.places.end(),
                                std::back_inserter(places));
  std::erase(places, kNone);
  return places;
}

// Sizes of two choices whose pairs are few enough; zeros when none are.
std::array<size_t, 2> ChosenOf(uint64_t candidates) {
  std::array<size_t, 2> chosen{0, 0};
  for (const auto& [a, b] : {std::array<size_t, 2>{1, 1}, {1, 2}, {2, 2}, {2, 3}, {3, 3}}) {
    if (ChoiceCount(candidates, a) * ChoiceCount(candidates, b) <= kMaxPairs) chosen = {a, b};
  }
  return chosen;
}

}  // namespace

FlipFinder::FlipFinder(size_t page_bytes) : changes_(base::Crc32cBitChanges(page_bytes)) {}

std::optional<uint32_t> FlipFinder::FindOne(uint32_t difference) const {
  const auto found = std::find(changes_.begin(), changes_.end(), difference);
  if (found == changes_.end()) return std::nullopt;
  return static_cast<uint32_t>(found - changes_.begin());
}

std::optional<std::vector<uint32_t>> FlipFinder::FindAmong(const std::vector<uint32_t>& candidates,
                                                           uint32_t difference) const {
  const auto [few, more] = ChosenOf(candidates.size());
  if (few == 0) return std::nullopt;
  std::vector<uint32_t> changes;
  changes.reserve(candidates.size());
  for (const uint32_t bit : candidates) changes.push_back(changes_[bit]);
  std::vector<Choice> known = ChoicesOf(changes, more);
  std::sort(known.begin(), known.end());
  std::set<std::vector<uint32_t>> found;
  for (const Choice& choice : ChoicesOf(changes, few)) {
    const auto [begin, end] =
        std::equal_range(known.begin(), known.end(), Choice{difference ^ choice.difference});
    for (auto other = begin; other != end; ++other) found.insert(Together(choice, *other));
    if (found.size() > 1) return std::nullopt;
  }
  if (found.empty()) return std::nullopt;
  std::vector<uint32_t> bits;
  bits.reserve(found.begin()->size());
  for (const uint32_t place : *found.begin()) bits.push_back(candidates[place]);
  return bits;
}

void FlipBits(const std::vector<uint32_t>& bits, std::string* page) {
  for (const uint32_t bit : bits) {
    (*page)[bit / 8] = static_cast<char>((*page)[bit / 8] ^ (1 << bit % 8));
  }
}

}  // namespace spandrel::columnar
