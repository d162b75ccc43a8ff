// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/metrics.h"
#include "base/status.h"
#include "net/http/http.h"
#include "pipeline/component.h"

namespace spandrel::receivers {

// Whether a store of this process keeps tenants apart. Asked for each request, from any thread;
// empty: none does.
using TenantsOn = std::function<bool()>;

// Reads whose items a request brings. While tenants are off, nobody's name is looked at. A request
// that names nobody passes: whether a tenant is needed, the stage that needs one knows. Immutable
// but for its counter; any thread.
class TenantStep {
 public:
  // `transport` is the label of the counter: "grpc" or "http".
  TenantStep(const pipeline::ComponentContext& context, std::string_view transport,
             TenantsOn are_on);

  // Empty when there is none. INVALID_ARGUMENT, counted, when the name is none.
  base::Result<std::string> Read(const net::Request& request) const;

 private:
  const TenantsOn are_on_;
  base::Counter& refused_;
};

}  // namespace spandrel::receivers
