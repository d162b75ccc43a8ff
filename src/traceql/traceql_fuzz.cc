// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "traceql/parse.h"
#include "traceql/print.h"

// What is read is printed as what reads as the same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto query = spandrel::traceql::Parse(text);
  if (!query.ok()) return 0;
  const std::string printed = ToText(*query);
  // Parentheses that are printed and were not written count as levels.
  const auto again = spandrel::traceql::Parse(printed);
  if (again.ok()) SPANDREL_CHECK(ToText(*again) == printed);
  return 0;
}
