// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/tenant_step.h"

#include <utility>

#include "endpoints/tenant.h"

namespace spandrel::receivers {

TenantStep::TenantStep(const pipeline::ComponentContext& context, std::string_view transport,
                       TenantsOn are_on)
    : are_on_(std::move(are_on)),
      refused_(context.metrics.AddCounter("spandrel_receiver_refused_requests_total",
                                          {{"receiver", context.id},
                                           {"transport", std::string(transport)},
                                           {"reason", "tenant"}})) {}

base::Result<std::string> TenantStep::Read(const net::Request& request,
                                           const std::vector<std::string>& allowed) const {
  const bool on = are_on_ && are_on_();
  if (!on && allowed.empty()) return std::string();
  auto tenant = endpoints::TenantOf(request, allowed);
  if (on || tenant.status().code() == base::StatusCode::kPermissionDenied) {
    if (!tenant.ok()) refused_.Add();
    return tenant;
  }
  return std::string();
}

}  // namespace spandrel::receivers
