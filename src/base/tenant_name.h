// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace spandrel::base {

inline constexpr size_t kMaxTenantName = 150;

// Whether it may name a tenant: letters, digits, `-`, `_` and `.`, at most kMaxTenantName of them,
// but not `.` or `..`. Such a name is also the name of a folder, and never a path.
bool IsTenantName(std::string_view name);

}  // namespace spandrel::base
