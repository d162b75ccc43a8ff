// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "flags.h"
#include "service.h"

namespace spandrel::demo {

// GET /route?from=X,Y&to=X,Y: the minutes that a ride takes.
class Route {
 public:
  explicit Route(const Flags& flags);

  Service& service() { return service_; }
  const Service& service() const { return service_; }

 private:
  Service service_;
};

}  // namespace spandrel::demo
