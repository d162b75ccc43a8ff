// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/decode.h"

namespace spandrel::endpoints {

// What one may be let in for.
enum class Role : uint8_t {
  kSend = 1,        // spans, metrics, logs
  kRead = 2,        // ask questions
  kAdminister = 4,  // change what runs, and see what is of no tenant
};
inline constexpr uint8_t kEveryRole = 7;
std::string_view RoleName(Role role);

// What one may do, and on whose behalf.
struct Access {
  uint8_t roles = kEveryRole;
  std::vector<std::string> tenants = {};  // empty: any

  bool Has(Role role) const { return (roles & static_cast<uint8_t>(role)) != 0; }
  // Both together; any tenant of one is any tenant of both.
  void Add(const Access& other);

  friend bool operator==(const Access&, const Access&) = default;
};

// Who may do what, by names of users or groups. Immutable.
class AccessRules {
 public:
  AccessRules() = default;  // no rules: everybody may do everything
  explicit AccessRules(std::map<std::string, Access, std::less<>> rules)
      : rules_(std::move(rules)) {}

  bool empty() const { return rules_.empty(); }
  // Of all the names together; of those that no rule names, what `"*"` may, else nothing.
  Access Of(const std::vector<std::string>& names) const;

 private:
  std::map<std::string, Access, std::less<>> rules_;
};

// `roles` (send, read, administer; without it all of them) and `tenants` (without it any) of a
// mapping. Problems go to it.
Access DecodeAccess(config::Decoder& decoder);
// `access: {ann: {roles, tenants}, "*": {...}}`.
AccessRules DecodeAccessRules(config::Decoder& decoder);

}  // namespace spandrel::endpoints
