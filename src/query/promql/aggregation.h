// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/status.h"
#include "promql/ast.h"
#include "query/promql/values.h"

namespace spandrel::query {

// Series of equal kept labels become one, at each point. Histograms are added up, averaged and
// counted; of the others there is no largest. INVALID_ARGUMENT for a group of numbers and
// histograms.
base::Result<PromVector> Aggregated(const promql::Aggregate& aggregate, const PromVector& series);
// The `wanted` largest or smallest of each group at each point stay; of equal ones those whose
// labels come first. At one point they come in their order.
PromVector Ranked(const promql::Aggregate& aggregate, const PromScalar& wanted, PromVector series);

// Of native histograms, and of classic ones by their `le`, as Prometheus interpolates.
PromVector Quantiles(const PromScalar& share, const PromVector& series);

}  // namespace spandrel::query
