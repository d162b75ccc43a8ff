// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace spandrel::api {

struct ServiceContext;
class Router;

// The page's own API under /api/ui/v1, as docs/formats/ui-api.md says. Both live as long as the
// routes are used.
void AddUiApi(const ServiceContext& context, Router* router);

}  // namespace spandrel::api
