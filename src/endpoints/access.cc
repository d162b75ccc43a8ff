// SPDX-License-Identifier: Apache-2.0
#include "endpoints/access.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <set>
#include <utility>

#include "base/tenant_name.h"
#include "config/document.h"

namespace spandrel::endpoints {
namespace {

using config::Decoder;

constexpr std::string_view kEverybodyElse = "*";
constexpr std::array<Role, 3> kAllRoles = {Role::kSend, Role::kRead, Role::kAdminister};

std::optional<Role> FindRole(std::string_view name) {
  for (const Role role : kAllRoles) {
    if (RoleName(role) == name) return role;
  }
  return std::nullopt;
}

uint8_t DecodeRoles(Decoder& decoder) {
  if (!decoder.Has("roles")) return kEveryRole;
  std::vector<std::string> names;
  decoder.Read("roles", &names);
  uint8_t roles = 0;
  for (const std::string& name : names) {
    const auto role = FindRole(name);
    if (role) {
      roles |= static_cast<uint8_t>(*role);
    } else {
      decoder.Error("roles", fmt::format("'{}' is no role; use send, read, administer", name));
    }
  }
  if (names.empty()) decoder.Error("roles", "an empty list lets nobody in; name roles");
  return roles;
}

}  // namespace

std::string_view RoleName(Role role) {
  switch (role) {
    case Role::kSend:
      return "send";
    case Role::kRead:
      return "read";
    case Role::kAdminister:
      return "administer";
  }
  return "";
}

void Access::Add(const Access& other) {
  const bool any_tenant = (roles != 0 && tenants.empty()) || other.tenants.empty();
  roles |= other.roles;
  if (any_tenant) return tenants.clear();
  std::set<std::string> all(tenants.begin(), tenants.end());
  all.insert(other.tenants.begin(), other.tenants.end());
  tenants.assign(all.begin(), all.end());
}

Access AccessRules::Of(const std::vector<std::string>& names) const {
  if (rules_.empty()) return {};
  Access access{.roles = 0, .tenants = {}};
  for (const std::string& name : names) {
    const auto found = rules_.find(name);
    if (found != rules_.end()) access.Add(found->second);
  }
  const auto others = rules_.find(kEverybodyElse);
  if (access.roles == 0 && others != rules_.end()) return others->second;
  return access;
}

Access DecodeAccess(Decoder& decoder) {
  Access access{.roles = DecodeRoles(decoder), .tenants = {}};
  decoder.Read("tenants", &access.tenants);
  if (decoder.Has("tenants") && access.tenants.empty()) {
    decoder.Error("tenants", "an empty list names nobody; leave it out for any tenant");
  }
  for (const std::string& tenant : access.tenants) {
    if (!base::IsTenantName(tenant)) {
      decoder.Error("tenants", fmt::format("'{}' is no name of a tenant", tenant));
    }
  }
  return access;
}

AccessRules DecodeAccessRules(Decoder& decoder) {
  std::map<std::string, Access, std::less<>> rules;
  const config::Node* node = decoder.ReadAny("access");
  Decoder block = decoder.Child("access");
  if (decoder.Has("access") && (node == nullptr || node->entries.empty())) {
    decoder.Error("access", "'access' names nobody; leave it out to let everybody do everything");
    return {};
  }
  if (node == nullptr) return {};
  for (const config::NodeEntry& entry : node->entries) {
    Decoder rule = block.Child(entry.key);
    rules.insert_or_assign(entry.key, DecodeAccess(rule));
  }
  return AccessRules(std::move(rules));
}

}  // namespace spandrel::endpoints
