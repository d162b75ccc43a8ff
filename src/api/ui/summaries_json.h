// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "query/overview.h"
#include "query/service_map.h"
#include "storage/store.h"

// The answers of the page's API that are about many traces, as docs/formats/ui-api.md says.
namespace spandrel::api {

std::string SearchResultJson(const storage::SearchResult& result, storage::Order order);
std::string OverviewJson(const query::Overview& overview);
std::string ServiceMapJson(const query::ServiceMap& map);

// The opaque cursor of a search in that order, and back. INVALID_ARGUMENT when it is none or is of
// the other order.
std::string EncodeCursor(const storage::Cursor& cursor, storage::Order order);
base::Result<storage::Cursor> DecodeCursor(std::string_view text, storage::Order order);

}  // namespace spandrel::api
