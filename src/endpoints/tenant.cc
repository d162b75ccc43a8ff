// SPDX-License-Identifier: Apache-2.0
#include "endpoints/tenant.h"

#include <algorithm>

#include "base/tenant_name.h"

namespace spandrel::endpoints {

using base::Status;
using base::StatusCode;

base::Result<std::string> NamedTenant(const net::Request& request) {
  std::string tenant;
  for (const auto& [name, value] : request.headers) {
    if (name != kTenantHeader || value.empty()) continue;
    if (!base::IsTenantName(value)) return TenantNeeded();
    if (!tenant.empty() && value != tenant) {
      return Status(StatusCode::kInvalidArgument, "X-Scope-OrgID: names more than one tenant");
    }
    tenant = value;
  }
  return tenant;
}

base::Result<std::string> TenantOf(const net::Request& request,
                                   const std::vector<std::string>& allowed) {
  auto named = NamedTenant(request);
  if (!named.ok() || allowed.empty()) return named;
  if (named->empty()) {
    if (allowed.size() > 1) return TenantNeeded();
    return allowed.front();
  }
  if (std::find(allowed.begin(), allowed.end(), *named) != allowed.end()) return named;
  return Status(StatusCode::kPermissionDenied, "X-Scope-OrgID: not a tenant of this login");
}

Status TenantNeeded() {
  return {StatusCode::kInvalidArgument,
          "X-Scope-OrgID: expected a tenant of 1 to 150 letters, digits, '-', '_', '.'"};
}

}  // namespace spandrel::endpoints
