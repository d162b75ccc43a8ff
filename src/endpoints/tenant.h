// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "net/http/http.h"

// Whose spans or whose question a request is, in its own words: the header, or gRPC metadata,
// `X-Scope-OrgID`. It proves nothing; what its sender's login allows decides (Access::tenants).
namespace spandrel::endpoints {

inline constexpr std::string_view kTenantHeader = "x-scope-orgid";

// Empty when the request names nobody. INVALID_ARGUMENT when what it names is no tenant
// (base/tenant_name.h), or when it names more than one.
base::Result<std::string> NamedTenant(const net::Request& request);

// The tenant of a request whose sender may ask on behalf of `allowed` (empty: anybody): the one
// that it names, or the only one that is allowed. Empty when it names nobody and any is allowed.
// PERMISSION_DENIED when it names another; INVALID_ARGUMENT when it names none of several.
base::Result<std::string> TenantOf(const net::Request& request,
                                   const std::vector<std::string>& allowed);

inline constexpr size_t kMaxTenantsOfQuestion = 100;

// The same of a question, which may be of several tenants together: `a|b` names both. Sorted, each
// once. PERMISSION_DENIED when one of them is not allowed.
base::Result<std::vector<std::string>> TenantsOf(const net::Request& request,
                                                 const std::vector<std::string>& allowed);

// INVALID_ARGUMENT: what who names nobody is told where a tenant is needed.
base::Status TenantNeeded();

}  // namespace spandrel::endpoints
