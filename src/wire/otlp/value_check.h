// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace spandrel::wire {

// Where and why bytes are not OTLP.
struct Problem {
  const char* at = nullptr;  // points into the bytes
  std::string_view field;
  std::string_view reason;
};

// True when `message` is a well-formed KeyValue whose values nest at most kMaxValueDepth deep.
// Otherwise `problem` says what and where; its `field` is left to the caller. Does not recurse.
bool CheckKeyValue(std::string_view message, Problem* problem);
// The same for an AnyValue.
bool CheckAnyValue(std::string_view message, Problem* problem);

}  // namespace spandrel::wire
