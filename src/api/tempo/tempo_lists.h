// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/http/router.h"
#include "api/http/service_context.h"

namespace spandrel::api {

// `/api/search/tags`, `/api/search/tag/{tag}/values` and the same below `/api/v2`: names and values
// that occur, for those who write a query.
void AddTempoLists(const ServiceContext& context, Router* router);

}  // namespace spandrel::api
