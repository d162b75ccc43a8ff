// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "wire/w3c/trace_context.h"

// Zipkin's B3 headers (https://github.com/openzipkin/b3-propagation). Nothing here allocates.
namespace spandrel::sdk {

// What the caller decided about recording; kDefer leaves it to us.
enum class B3Sampling : uint8_t { kDefer, kDeny, kAccept, kDebug };

struct B3Context {
  std::optional<wire::TraceParent> span;  // none: only the decision was sent
  B3Sampling sampling = B3Sampling::kDefer;
};

// The header `b3`: "<trace id>-<span id>[-<sampling>[-<parent id>]]" or only "<sampling>". Nothing
// when it breaks the rules.
std::optional<B3Context> ParseB3(std::string_view header);

// The values of the headers x-b3-*, which are empty where absent.
struct B3Headers {
  std::string_view trace_id;
  std::string_view span_id;
  std::string_view sampled;
  std::string_view flags;
};
std::optional<B3Context> ParseB3(const B3Headers& headers);

inline constexpr size_t kB3Size = 51;

// "<trace id>-<span id>-<sampling>", where kDefer is written as kDeny.
std::array<char, kB3Size> FormatB3(const wire::TraceParent& span, B3Sampling sampling);

}  // namespace spandrel::sdk
