// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace spandrel::api {

struct ServiceContext;
class Router;

// Jaeger's query API v3 over HTTP, as today's Jaeger page and Grafana use it, with the POST
// bindings of its interface definition. Both live as long as the routes are used.
void AddJaegerV3Api(const ServiceContext& context, Router* router);

}  // namespace spandrel::api
