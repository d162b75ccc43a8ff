// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <httplib.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <forward_list>
#include <optional>
#include <string>
#include <string_view>

#include "spandrel/http.h"

// What the server and the client adapter of cpp-httplib share. Not for applications.
namespace spandrel::httplib {

// Tracing must not break what it traces.
template <typename Call>
void Quietly(Call call) {
  try {
    call();
  } catch (...) {
  }
}

// Whether two names of headers are the same, whatever their case.
inline bool SameName(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

// Reads headers; lines of the same name are joined. Valid as long as the headers are.
class HeaderCarrier final : public http::Carrier {
 public:
  explicit HeaderCarrier(const ::httplib::Headers& headers) : headers_(headers) {}

  // Looking up in the map would make a string of the key; headers are few.
  opentelemetry::nostd::string_view Get(
      opentelemetry::nostd::string_view key) const noexcept override {
    std::string_view found;
    std::string* joined = nullptr;
    for (const auto& [name, given] : headers_) {
      if (!SameName(name, {key.data(), key.size()})) continue;
      const std::string_view value = Encoded(given);
      if (found.empty()) {
        found = value;
        continue;
      }
      if (joined == nullptr) joined = &joined_.emplace_front(found);
      found = joined->append(",").append(value);
    }
    return {found.data(), found.size()};
  }
  void Set(opentelemetry::nostd::string_view, opentelemetry::nostd::string_view) noexcept override {
  }

 private:
  // Up to 0.41 at least, httplib decodes %xx in what it received: a control character can only have
  // been written so. Propagators would take it for an attack.
  std::string_view Encoded(const std::string& value) const {
    const auto encode = [](char c) { return (c < 0x20 && c != '\t') || c == 0x7f; };
    if (std::none_of(value.begin(), value.end(), encode)) return value;
    std::string& encoded = joined_.emplace_front();
    for (const char c : value) {
      if (!encode(c)) {
        encoded += c;
        continue;
      }
      constexpr char kHex[] = "0123456789ABCDEF";
      encoded += '%';
      encoded += kHex[static_cast<unsigned char>(c) >> 4];
      encoded += kHex[static_cast<unsigned char>(c) & 15];
    }
    return encoded;
  }

  const ::httplib::Headers& headers_;
  mutable std::forward_list<std::string> joined_;
};

// "1.1" of "HTTP/1.1".
inline std::string_view VersionOf(std::string_view version) {
  constexpr std::string_view kHttp = "HTTP/";
  if (version.substr(0, kHttp.size()) != kHttp) return {};
  return version.substr(kHttp.size());
}

// The body's size, as far as it is known: chunked bodies that pass through have none.
inline std::optional<uint64_t> BodySize(const ::httplib::Headers& headers,
                                        const std::string& body) {
  if (!body.empty()) return body.size();
  const auto length = headers.find("Content-Length");
  if (length == headers.end()) return std::nullopt;
  uint64_t size = 0;
  const char* const end = length->second.data() + length->second.size();
  const auto [stop, error] = std::from_chars(length->second.data(), end, size);
  if (error != std::errc() || stop != end) return std::nullopt;
  return size;
}

}  // namespace spandrel::httplib
