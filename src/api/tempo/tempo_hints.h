// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "net/http/http.h"
#include "traceql/ast.h"

namespace spandrel::api {

inline constexpr uint64_t kMostExemplars = 10'000;
// In an answer to a query with hints that do nothing: which, and why.
inline constexpr std::string_view kNoteHeader = "x-spandrel-note";

// What the hints of a query, `with (name = value, ...)`, ask for.
struct TempoHints {
  std::optional<uint64_t> exemplars = {};  // of series; at most kMostExemplars
  std::string note = {};                   // of those that change nothing; empty: none
};

// INVALID_ARGUMENT for a value that a hint cannot have. Names that are not known are noted.
base::Result<TempoHints> ReadHints(const std::vector<traceql::Hint>& hints);

// The head of an answer in JSON, with that note.
net::Headers JsonHeaders(const std::string& note);

}  // namespace spandrel::api
