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

}  // namespace spandrel::api
