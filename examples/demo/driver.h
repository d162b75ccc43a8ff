// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cache.h"
#include "flags.h"
#include "service.h"

namespace spandrel::demo {

// GET /nearest?place=X,Y: ten drivers near a place, from the cache, as lines "plate place".
class Driver {
 public:
  explicit Driver(const Flags& flags);

  Service& service() { return service_; }
  const Service& service() const { return service_; }

 private:
  std::string FindNearest(const std::string& place);
  std::string Lookup(const std::string& plate);

  Service service_;
  Cache cache_;
  const bool one_by_one_;
};

}  // namespace spandrel::demo
