// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <forward_list>
#include <string>
#include <string_view>
#include <utility>

#include "spandrel/http_options.h"

// Headers of any container as propagators and spans read and write them.
namespace spandrel::http {

// Reads headers through a callable `std::string_view(std::string_view name)`, which finds a header
// whatever its case and returns a view that lives as long as the headers do, empty when there is
// none:
//
//   ServerSpan span(tracing, request, HeaderReader([&](std::string_view name) {
//     const auto found = headers.find(name);
//     return found == headers.end() ? std::string_view() : std::string_view(found->second);
//   }));
template <typename Find>
class HeaderReader final : public Carrier {
 public:
  explicit HeaderReader(Find find) : find_(std::move(find)) {}

  opentelemetry::nostd::string_view Get(
      opentelemetry::nostd::string_view key) const noexcept override {
    const std::string_view value = find_(std::string_view(key.data(), key.size()));
    return {value.data(), value.size()};
  }
  void Set(opentelemetry::nostd::string_view, opentelemetry::nostd::string_view) noexcept override {
  }

 private:
  Find find_;
};

// Writes headers through a callable `void(std::string_view name, std::string_view value)`, which
// replaces a header of that name and copies both.
template <typename Write>
class HeaderWriter final : public Carrier {
 public:
  explicit HeaderWriter(Write write) : write_(std::move(write)) {}

  opentelemetry::nostd::string_view Get(opentelemetry::nostd::string_view) const noexcept override {
    return "";
  }
  void Set(opentelemetry::nostd::string_view key,
           opentelemetry::nostd::string_view value) noexcept override {
    write_(std::string_view(key.data(), key.size()), std::string_view(value.data(), value.size()));
  }

 private:
  Write write_;
};

// A header block as it came from the socket, "Name: value\r\nName: value\r\n", with or without the
// request line before and the empty line after it. Nothing is copied, but lines of one name are
// joined with commas. Names compare whatever their case; lines without a colon, folded lines among
// them, are passed over. The block must outlive it. One thread at a time.
class RawHeaders final : public Carrier {
 public:
  explicit RawHeaders(std::string_view block);

  // Views are valid as long as this object is.
  std::string_view Find(std::string_view name) const;

  opentelemetry::nostd::string_view Get(
      opentelemetry::nostd::string_view key) const noexcept override {
    const std::string_view value = Find({key.data(), key.size()});
    return {value.data(), value.size()};
  }
  void Set(opentelemetry::nostd::string_view, opentelemetry::nostd::string_view) noexcept override {
  }

 private:
  struct Line {
    const char* name;
    const char* value;
    size_t name_size;
    size_t value_size;
  };
  struct Found {
    std::string_view value;
    std::string* joined = nullptr;  // what `value` is a view of, when there were several lines
  };
  static constexpr size_t kIndexed = 48;  // lines after these are searched as text

  static bool NextLine(std::string_view& rest, Line& line);
  void Add(const Line& line, std::string_view name, Found& found) const;

  std::array<Line, kIndexed> lines_;  // only the first size_ are set
  size_t size_ = 0;
  std::string_view rest_;
  mutable std::forward_list<std::string> joined_;
};

}  // namespace spandrel::http
