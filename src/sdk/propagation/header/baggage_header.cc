// SPDX-License-Identifier: Apache-2.0
#include "sdk/propagation/header/baggage_header.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "base/hex.h"
#include "base/utf8.h"
#include "sdk/encoding/text.h"
#include "sdk/propagation/header/propagation_counters.h"
#include "wire/w3c/header_hex.h"

namespace spandrel::sdk {
namespace {

// What a character may be in a header.
enum CharClass : uint8_t {
  kTokenChar = 1,   // of a key
  kOctet = 2,       // of a property's value
  kReadable = 4,    // of a value: also what should have been encoded
  kUnreserved = 8,  // never encoded
};

constexpr std::array<uint8_t, 256> MakeClasses() {
  std::array<uint8_t, 256> classes{};
  for (int c = 0x21; c < 0x7f; ++c) {
    if (c != '"' && c != ',' && c != ';' && c != '\\') classes[c] |= kOctet;
  }
  for (int c = 0x20; c < 0x100; ++c) {
    if (c != 0x7f) classes[c] |= kReadable;
  }
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) {
    classes[static_cast<uint8_t>(c)] |= kTokenChar;
  }
  for (const char c : std::string_view("-_.~")) classes[static_cast<uint8_t>(c)] |= kUnreserved;
  for (int c = '0'; c <= '9'; ++c) classes[c] |= kTokenChar | kUnreserved;
  for (int c = 'a'; c <= 'z'; ++c) classes[c] |= kTokenChar | kUnreserved;
  for (int c = 'A'; c <= 'Z'; ++c) classes[c] |= kTokenChar | kUnreserved;
  return classes;
}

constexpr std::array<uint8_t, 256> kClasses = MakeClasses();

bool Has(char c, uint8_t classes) {
  return (kClasses[static_cast<uint8_t>(c)] & classes) != 0;
}

bool AllHave(std::string_view text, uint8_t classes) {
  return std::all_of(text.begin(), text.end(), [=](char c) { return Has(c, classes); });
}

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

// Cuts `rest` at the first separator and returns what is before it, without blanks around it.
std::string_view TakeUntil(char separator, std::string_view& rest) {
  const size_t at = std::min(rest.find(separator), rest.size());
  const std::string_view taken = Trim(rest.substr(0, at));
  rest.remove_prefix(std::min(at + 1, rest.size()));
  return taken;
}

// One of a member's properties: "key" or "key=value".
struct Property {
  explicit Property(std::string_view text) : has_value(text.find('=') != std::string_view::npos) {
    key = TakeUntil('=', text);
    value = Trim(text);
  }
  bool valid() const { return IsBaggageKey(key) && AllHave(value, kOctet); }

  std::string_view key;
  std::string_view value;
  const bool has_value;
};

// "first;second=2": one property or more.
bool AreProperties(std::string_view text) {
  if (text.empty() || text.back() == ';') return false;
  do {
    if (!Property(TakeUntil(';', text)).valid()) return false;
  } while (!text.empty());
  return true;
}

// Writes properties, which have a semicolon before them or are none, without the blanks around
// their parts: a carrier may not hold tabs. Takes at most as many bytes as they have. The end.
char* WriteProperties(std::string_view properties, char* at) {
  while (!properties.empty()) {
    properties.remove_prefix(1);
    const size_t size = std::min(properties.find(';'), properties.size());
    const Property property(properties.substr(0, size));
    properties.remove_prefix(size);
    *at++ = ';';
    at = std::copy(property.key.begin(), property.key.end(), at);
    if (property.has_value) *at++ = '=';
    at = std::copy(property.value.begin(), property.value.end(), at);
  }
  return at;
}

// Decodes to `at`, where there is room for as many bytes as `text` has. The end; null when a
// percent sign is not followed by two digits, or when a byte is 0, which the API cannot hold.
char* PercentDecode(std::string_view text, BaggageEncoding encoding, char* at) {
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (text.size() - i < 3) return nullptr;
      const uint8_t high = wire::HexValue(text[i + 1]);
      const uint8_t low = wire::HexValue(text[i + 2]);
      if (high > 15 || low > 15) return nullptr;
      c = static_cast<char>(high << 4 | low);
      i += 2;
    } else if (c == '+' && encoding == BaggageEncoding::kForm) {
      c = ' ';
    }
    if (c == '\0') return nullptr;
    *at++ = c;
  }
  return at;
}

struct SplitValue {
  std::string_view plain;
  std::string_view properties;  // with the semicolon before them
};

SplitValue Split(std::string_view value) {
  const size_t semicolon = value.find(';');
  if (semicolon == std::string_view::npos || !AreProperties(value.substr(semicolon + 1))) {
    return {value, {}};
  }
  return {value.substr(0, semicolon), value.substr(semicolon)};
}

}  // namespace

bool IsBaggageKey(std::string_view key) {
  return !key.empty() && AllHave(key, kTokenChar);
}

std::string_view PlainBaggageValue(std::string_view value) {
  return Split(value).plain;
}

char* PercentEncode(std::string_view text, char* at, const char* end) {
  constexpr std::string_view kDigits = base::kUpperHexDigits;
  for (const char c : text) {
    const bool plain = Has(c, kUnreserved);
    if (end - at < (plain ? 1 : 3)) return nullptr;
    if (plain) {
      *at++ = c;
      continue;
    }
    *at++ = '%';
    *at++ = kDigits[static_cast<uint8_t>(c) >> 4];
    *at++ = kDigits[static_cast<uint8_t>(c) & 15];
  }
  return at;
}

void BaggageReader::ReadHeader(std::string_view header) {
  while (!header.empty()) {
    const size_t size = std::min(header.find(','), header.size());
    const std::string_view member = Trim(header.substr(0, size));
    header.remove_prefix(std::min(size + 1, header.size()));
    if (!Reserve(size)) return;
    ++bytes_read_;  // the comma
    if (!member.empty() && !ReadMember(member)) CountDropped(PropagationDrop::kMalformedBaggage);
  }
}

void BaggageReader::ReadPair(std::string_view key, std::string_view encoded_value) {
  if (!Reserve(key.size() + encoded_value.size())) return;
  const bool readable = IsBaggageKey(key) && AllHave(encoded_value, kReadable);
  if (!readable || !Keep(key, encoded_value, {}, BaggageEncoding::kForm)) {
    CountDropped(PropagationDrop::kMalformedBaggage);
  }
}

bool BaggageReader::Reserve(size_t bytes) {
  if (count_ < kMaxBaggageMembers &&
      bytes <= kMaxBaggageBytes - std::min(bytes_read_, kMaxBaggageBytes)) {
    bytes_read_ += bytes;
    return true;
  }
  CountDropped(PropagationDrop::kBaggageOverLimit);
  return false;
}

bool BaggageReader::ReadMember(std::string_view member) {
  const size_t semicolon = std::min(member.find(';'), member.size());
  std::string_view value = Trim(member.substr(0, semicolon));
  const std::string_view properties = member.substr(semicolon);
  if (value.find('=') == std::string_view::npos) return false;
  const std::string_view key = TakeUntil('=', value);
  value = Trim(value);
  if (!IsBaggageKey(key) || !AllHave(value, kReadable)) return false;
  if (!properties.empty() && !AreProperties(properties.substr(1))) return false;
  return Keep(key, value, properties, BaggageEncoding::kPercent);
}

bool BaggageReader::Keep(std::string_view key, std::string_view value, std::string_view properties,
                         BaggageEncoding encoding) {
  char* const begin = text_.data() + used_;
  char* const end = PercentDecode(value, encoding, begin);
  if (end == nullptr) return false;
  std::string scratch;
  const std::string_view decoded(begin, static_cast<size_t>(end - begin));
  const std::string_view clean = base::CleanText(decoded, UINT32_MAX, scratch);
  if (clean.size() > value.size()) return false;  // bad UTF-8 that was not even encoded
  if (clean.data() != begin) std::memcpy(begin, clean.data(), clean.size());
  char* const value_end = WriteProperties(properties, begin + clean.size());
  const std::string_view kept(begin, static_cast<size_t>(value_end - begin));
  used_ += kept.size();
  const std::string_view stored_key = Store(key);
  if (encoding == BaggageEncoding::kForm) {
    std::transform(stored_key.begin(), stored_key.end(), begin + kept.size(), Lower);
  }
  Put(stored_key, kept);
  return true;
}

std::string_view BaggageReader::Store(std::string_view text) {
  char* const at = text_.data() + used_;
  std::copy(text.begin(), text.end(), at);
  used_ += text.size();
  return {at, text.size()};
}

void BaggageReader::Put(std::string_view key, std::string_view value) {
  const BaggageEntry entry({key.data(), key.size()}, {value.data(), value.size()});
  const auto end = entries_.begin() + static_cast<ptrdiff_t>(count_);
  const auto same = std::find_if(entries_.begin(), end,
                                 [&](const BaggageEntry& had) { return had.first == entry.first; });
  if (same == end) ++count_;
  *same = entry;
}

void BaggageWriter::Add(std::string_view key, std::string_view value) {
  if (!IsBaggageKey(key)) return CountDropped(PropagationDrop::kUnsendableBaggage);
  const char* const end = text_.data() + text_.size();
  const auto [plain, properties] = Split(value);
  const size_t fixed = key.size() + 2 + properties.size();  // with a comma and an equals sign
  char* at = text_.data() + used_;
  if (count_ == kMaxBaggageMembers || static_cast<size_t>(end - at) < fixed) {
    return CountDropped(PropagationDrop::kBaggageOverLimit);
  }
  if (count_ > 0) *at++ = ',';
  at = std::copy(key.begin(), key.end(), at);
  *at++ = '=';
  at = PercentEncode(plain, at, end - properties.size());
  if (at == nullptr) return CountDropped(PropagationDrop::kBaggageOverLimit);
  at = WriteProperties(properties, at);
  used_ = static_cast<size_t>(at - text_.data());
  ++count_;
}

}  // namespace spandrel::sdk
