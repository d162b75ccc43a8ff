// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "base/status.h"
#include "net/http/http.h"
#include "pipeline/component.h"

namespace spandrel::receivers {

// Whether a store of this process keeps tenants apart. Asked for each request, from any thread;
// empty: none does.
using TenantsOn = std::function<bool()>;

// Reads whose items a request brings. While tenants are off, the name is looked at only to see
// whether the sender's login allows it. A request that names nobody passes: whether a tenant is
// needed, the stage that needs one knows. Immutable but for its counter; any thread.
class TenantStep {
 public:
  // `transport` is the label of the counter: "grpc" or "http".
  TenantStep(const pipeline::ComponentContext& context, std::string_view transport,
             TenantsOn are_on);

  // Empty when there is none. `allowed` is whose items the sender may bring; empty: anybody's.
  // INVALID_ARGUMENT when the name is none, PERMISSION_DENIED when it is not allowed; both counted.
  base::Result<std::string> Read(const net::Request& request,
                                 const std::vector<std::string>& allowed) const;

 private:
  const TenantsOn are_on_;
  base::Counter& refused_;
};

}  // namespace spandrel::receivers
