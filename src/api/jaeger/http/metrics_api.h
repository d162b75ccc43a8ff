// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace spandrel::api {

struct ServiceContext;
class Router;

// What Jaeger's Monitor page asks: /api/metrics/{latencies,calls,errors,minstep}, answered from the
// spans that are stored. Both live as long as the routes are used.
void AddJaegerMetricsApi(const ServiceContext& context, Router* router);

}  // namespace spandrel::api
