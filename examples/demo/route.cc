// SPDX-License-Identifier: Apache-2.0
#include "route.h"

#include <cmath>
#include <cstdio>
#include <string>

namespace spandrel::demo {
namespace {

constexpr std::chrono::milliseconds kCalculation{50};
constexpr double kUnitsAMinute = 40;

struct Place {
  int x = 0;
  int y = 0;
};

Place ParsePlace(const std::string& text) {
  Place place;
  (void)std::sscanf(text.c_str(), "%d,%d", &place.x, &place.y);
  return place;
}

}  // namespace

Route::Route(const Flags& flags) : service_("route", flags.endpoint) {
  service_.server().Get(
      "/route", [this](const ::httplib::Request& request, ::httplib::Response& response) {
        const Span span = service_.tracer()->StartSpan("calculate route");
        const Place from = ParsePlace(request.get_param_value("from"));
        const Place to = ParsePlace(request.get_param_value("to"));
        SleepAbout(kCalculation);
        const double minutes = 1 + std::hypot(from.x - to.x, from.y - to.y) / kUnitsAMinute;
        span->SetAttribute("demo.minutes", minutes);
        span->End();
        response.set_content(std::to_string(static_cast<int>(minutes)), "text/plain");
      });
}

}  // namespace spandrel::demo
