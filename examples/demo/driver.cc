// SPDX-License-Identifier: Apache-2.0
#include "driver.h"

#include <future>
#include <vector>

#include "opentelemetry/context/runtime_context.h"

namespace spandrel::demo {
namespace {

constexpr int kTries = 3;

}  // namespace

Driver::Driver(const Flags& flags)
    : service_("driver", flags.endpoint),
      cache_(service_.tracer()),
      one_by_one_(flags.driver_lookups_one_by_one) {
  service_.server().Get(
      "/nearest", [this](const ::httplib::Request& request, ::httplib::Response& response) {
        response.set_content(FindNearest(request.get_param_value("place")), "text/plain");
      });
}

std::string Driver::FindNearest(const std::string& place) {
  const std::vector<std::string> plates = cache_.FindDriverIds(place);
  std::vector<std::future<std::string>> lookups;
  const auto context = opentelemetry::context::RuntimeContext::GetCurrent();
  const auto policy = one_by_one_ ? std::launch::deferred : std::launch::async;
  for (const std::string& plate : plates) {
    lookups.push_back(std::async(policy, [this, plate, context] {
      const auto attached = opentelemetry::context::RuntimeContext::Attach(context);
      return Lookup(plate);
    }));
  }
  std::string lines;
  for (auto& lookup : lookups) lines += lookup.get() + "\n";
  return lines;
}

std::string Driver::Lookup(const std::string& plate) {
  for (int i = 1; i < kTries; ++i) {
    if (const auto place = cache_.GetDriver(plate)) return plate + " " + *place;
  }
  return plate + " " + cache_.GetDriver(plate).value_or("0,0");
}

}  // namespace spandrel::demo
