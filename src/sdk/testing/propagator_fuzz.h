// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/check.h"
#include "sdk/testing/carrier.h"

// For the fuzz targets of propagators.
namespace spandrel::sdk {

// One line for each name; the last name has all that is left.
inline Headers SplitHeaders(std::string_view text, std::initializer_list<const char*> names) {
  Headers headers;
  for (const char* name : names) {
    const bool last = name == *(names.end() - 1);
    const size_t size = last ? text.size() : std::min(text.find('\n'), text.size());
    if (size > 0) headers[name] = std::string(text.substr(0, size));
    text.remove_prefix(std::min(size + 1, text.size()));
  }
  return headers;
}

// Also makes the API's own objects of what was read.
template <typename Propagator>
void CheckStable(Propagator propagator, const Headers& headers) {
  const auto context = ExtractContext(propagator, headers);
  const auto span = opentelemetry::trace::GetSpan(context)->GetContext();
  SPANDREL_CHECK(span.trace_state()->ToHeader().size() <= 512);
  const Headers written = InjectContext(propagator, context);
  SPANDREL_CHECK(written.empty() || span.IsValid() || !PairsOf(context).empty());
  SPANDREL_CHECK(InjectContext(propagator, ExtractContext(propagator, written)) == written);
}

}  // namespace spandrel::sdk
