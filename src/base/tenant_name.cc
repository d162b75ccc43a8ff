// SPDX-License-Identifier: Apache-2.0
#include "base/tenant_name.h"

#include <algorithm>

namespace spandrel::base {
namespace {

bool MayStandInName(char c) {
  const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return is_letter || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

}  // namespace

bool IsTenantName(std::string_view name) {
  if (name.empty() || name.size() > kMaxTenantName || name == "." || name == "..") return false;
  return std::all_of(name.begin(), name.end(), MayStandInName);
}

}  // namespace spandrel::base
