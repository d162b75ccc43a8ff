// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "cli/look.h"

// What a person typed in TraceQL.
namespace spandrel::cli {

enum class QueryKind : uint8_t { kSpans, kSeries };

struct ReadQuery {
  QueryKind kind = QueryKind::kSpans;
  std::string text;  // as it is asked
};

// Reads the query. With `with_names` what is asked of spans also gives each span's name, service
// and status (`select(name, resource.service.name, status)`).
base::Result<ReadQuery> ReadQueryText(std::string_view text, bool with_names);

// The message about a query of which `status` says something; where that begins with a place
// ("1:7: ..."), the line of the query comes below with a mark under it.
std::string ExplainQueryError(std::string_view query, const base::Status& status, const Look& look);

}  // namespace spandrel::cli
