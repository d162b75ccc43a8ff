// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/http/router.h"
#include "api/http/service_context.h"

namespace spandrel::api {

// Prometheus's HTTP API over the series that are made of spans: `/api/v1/query`, `query_range`,
// `series`, `labels`, `label/{name}/values`, `metadata`, `rules` and `status/buildinfo`, by GET and
// by POST of a form. What PromQL has beyond `promql` is an error that says where.
void AddPrometheusApi(const ServiceContext& context, Router* router);
// `/metrics/spans`: the same counters as text for a Prometheus that scrapes.
void AddSpanScrape(const ServiceContext& context, Router* router);

}  // namespace spandrel::api
