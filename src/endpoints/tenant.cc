// SPDX-License-Identifier: Apache-2.0
#include "endpoints/tenant.h"

#include <algorithm>

#include "base/tenant_name.h"

namespace spandrel::endpoints {

using base::Status;
using base::StatusCode;

namespace {

// What the header says, which may come several times but must say one thing; empty without it.
base::Result<std::string_view> HeaderText(const net::Request& request) {
  std::string_view text;
  for (const auto& [name, value] : request.headers) {
    if (name != kTenantHeader || value.empty()) continue;
    if (!text.empty() && value != text) {
      return Status(StatusCode::kInvalidArgument, "X-Scope-OrgID: names more than one tenant");
    }
    text = value;
  }
  return text;
}

// Between `|`; sorted, each once.
base::Result<std::vector<std::string>> SplitNames(std::string_view text) {
  std::vector<std::string> names;
  while (true) {
    const size_t bar = text.find('|');
    const std::string_view name = text.substr(0, bar);
    if (!base::IsTenantName(name)) return TenantNeeded();
    if (names.size() == kMaxTenantsOfQuestion) {
      return Status(StatusCode::kInvalidArgument, "X-Scope-OrgID: names over 100 tenants");
    }
    names.emplace_back(name);
    if (bar == std::string_view::npos) break;
    text.remove_prefix(bar + 1);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

// `names` when all of them are allowed. Of one that need not say which, the only one that is.
base::Result<std::vector<std::string>> Allowed(std::vector<std::string> names,
                                               const std::vector<std::string>& allowed) {
  if (allowed.empty()) return names;
  if (names.empty()) {
    if (allowed.size() > 1) return TenantNeeded();
    return allowed;
  }
  const bool all = std::all_of(names.begin(), names.end(), [&](const std::string& name) {
    return std::find(allowed.begin(), allowed.end(), name) != allowed.end();
  });
  if (all) return names;
  return Status(StatusCode::kPermissionDenied, "X-Scope-OrgID: not a tenant of this login");
}

}  // namespace

base::Result<std::string> NamedTenant(const net::Request& request) {
  const auto text = HeaderText(request);
  if (!text.ok()) return text.status();
  if (!text->empty() && !base::IsTenantName(*text)) return TenantNeeded();
  return std::string(*text);
}

base::Result<std::string> TenantOf(const net::Request& request,
                                   const std::vector<std::string>& allowed) {
  auto named = NamedTenant(request);
  if (!named.ok()) return named;
  std::vector<std::string> names;
  if (!named->empty()) names.push_back(*std::move(named));
  auto tenants = Allowed(std::move(names), allowed);
  if (!tenants.ok()) return tenants.status();
  return tenants->empty() ? std::string() : std::move(tenants->front());
}

base::Result<std::vector<std::string>> TenantsOf(const net::Request& request,
                                                 const std::vector<std::string>& allowed) {
  const auto text = HeaderText(request);
  if (!text.ok()) return text.status();
  if (text->empty()) return Allowed({}, allowed);
  auto names = SplitNames(*text);
  return names.ok() ? Allowed(*std::move(names), allowed) : std::move(names);
}

Status TenantNeeded() {
  return {StatusCode::kInvalidArgument,
          "X-Scope-OrgID: expected a tenant of 1 to 150 letters, digits, '-', '_', '.'"};
}

}  // namespace spandrel::endpoints
