// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <semaphore>
#include <string>
#include <vector>

#include "flags.h"
#include "service.h"

namespace spandrel::demo {

// GET /: the page. GET /dispatch?customer=N: sends the nearest driver to a customer, as JSON.
class Frontend {
 public:
  struct Backends {
    std::string customer;
    std::string driver;
    std::string route;
  };
  Frontend(const Flags& flags, Backends backends);

  Service& service() { return service_; }
  const Service& service() const { return service_; }

 private:
  struct Ride {
    std::string plate;
    int minutes = 0;
  };

  void ServeDispatch(const ::httplib::Request& request, ::httplib::Response& response);
  Ride FindRide(const std::string& place);
  std::vector<Ride> FindRoutes(const std::vector<std::pair<std::string, std::string>>& drivers,
                               const std::string& to);

  const std::string page_;
  const Backends backends_;
  std::counting_semaphore<> route_workers_;
  std::atomic<int> requests_{0};
  Service service_;
};

}  // namespace spandrel::demo
