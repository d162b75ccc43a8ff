// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "net/http/http.h"

// Whose spans or whose question a request is, in its own words: the header, or gRPC metadata,
// `X-Scope-OrgID`. Nobody proves anything by it: who may send or ask may name any tenant.
namespace spandrel::endpoints {

inline constexpr std::string_view kTenantHeader = "x-scope-orgid";

// Empty when the request names nobody. INVALID_ARGUMENT when what it names is no tenant
// (base/tenant_name.h), or when it names more than one.
base::Result<std::string> NamedTenant(const net::Request& request);

// INVALID_ARGUMENT: what who names nobody is told where a tenant is needed.
base::Status TenantNeeded();

}  // namespace spandrel::endpoints
