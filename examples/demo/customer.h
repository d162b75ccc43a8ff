// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "database.h"
#include "flags.h"
#include "service.h"

namespace spandrel::demo {

// GET /customer?id=N: name and place of a customer, from the database.
class Customer {
 public:
  explicit Customer(const Flags& flags);

  Service& service() { return service_; }
  const Service& service() const { return service_; }

 private:
  Service service_;
  Database database_;
};

}  // namespace spandrel::demo
