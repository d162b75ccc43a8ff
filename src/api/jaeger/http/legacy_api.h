// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace spandrel::api {

struct ServiceContext;
class Router;

// Jaeger's legacy query API, as Grafana and older Jaeger pages use it: services, operations, trace
// search, trace by id, dependencies. Both live as long as the routes are used.
void AddJaegerLegacyApi(const ServiceContext& context, Router* router);

}  // namespace spandrel::api
