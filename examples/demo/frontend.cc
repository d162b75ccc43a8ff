// SPDX-License-Identifier: Apache-2.0
#include "frontend.h"

#include <algorithm>
#include <future>
#include <sstream>
#include <utility>

#include "front_page.h"
#include "opentelemetry/baggage/baggage_context.h"
#include "opentelemetry/context/runtime_context.h"
#include "opentelemetry/trace/context.h"

namespace spandrel::demo {
namespace {

namespace baggage = opentelemetry::baggage;
namespace context = opentelemetry::context;

// Names the request in the baggage, for whoever works on it further down.
opentelemetry::nostd::unique_ptr<context::Token> NameRequest(const std::string& name) {
  context::Context current = context::RuntimeContext::GetCurrent();
  const auto named = baggage::GetBaggage(current)->Set("request", name);
  return context::RuntimeContext::Attach(baggage::SetBaggage(current, named));
}

std::string TraceIdNow() {
  const Span span = opentelemetry::trace::GetSpan(context::RuntimeContext::GetCurrent());
  char hex[32];
  span->GetContext().trace_id().ToLowerBase16(opentelemetry::nostd::span<char, 32>(hex, 32));
  return std::string(hex, sizeof(hex));
}

// The text of "name":"..." in the answer of a service of ours.
std::string FieldOf(const std::string& json, const std::string& name) {
  const std::string key = "\"" + name + "\":\"";
  const size_t begin = json.find(key);
  if (begin == std::string::npos) return {};
  return json.substr(begin + key.size(), json.find('"', begin + key.size()) - begin - key.size());
}

void Fail(::httplib::Response& response, int status, const std::string& message) {
  response.status = status;
  response.set_content(
      "{" + JsonField("error", message) + "," + JsonField("trace_id", TraceIdNow()) + "}",
      "application/json");
}

}  // namespace

Frontend::Frontend(const Flags& flags, Backends backends)
    : page_(flags.page),
      backends_(std::move(backends)),
      route_workers_(flags.route_workers),
      service_("frontend", flags.endpoint) {
  service_.server().Get("/", [](const ::httplib::Request&, ::httplib::Response& response) {
    response.set_content(kFrontPage, "text/html; charset=utf-8");
  });
  service_.server().Get("/dispatch",
                        [this](const ::httplib::Request& request, ::httplib::Response& response) {
                          ServeDispatch(request, response);
                        });
}

void Frontend::ServeDispatch(const ::httplib::Request& request, ::httplib::Response& response) {
  const std::string id = request.get_param_value("customer");
  if (id.empty() || id.find_first_not_of("0123456789") != std::string::npos) {
    return Fail(response, 400, "customer must be a number");
  }
  const auto named = NameRequest("customer-" + id + "-" + std::to_string(++requests_));
  const Service::Answer customer = service_.Get(backends_.customer + "/customer?id=" + id);
  if (customer.status != 200) return Fail(response, 502, "no such customer");
  const Ride ride = FindRide(FieldOf(customer.body, "place"));
  if (ride.plate.empty()) return Fail(response, 503, "no driver is free");
  const std::string trace_id = TraceIdNow();
  response.set_content("{" + JsonField("customer", FieldOf(customer.body, "name")) + "," +
                           JsonField("driver", ride.plate) + "," +
                           JsonField("minutes", std::to_string(ride.minutes)) + "," +
                           JsonField("trace_id", trace_id) + "," +
                           JsonField("trace", page_ + "/trace/" + trace_id) + "}",
                       "application/json");
}

Frontend::Ride Frontend::FindRide(const std::string& place) {
  const Service::Answer nearest = service_.Get(backends_.driver + "/nearest?place=" + place);
  std::vector<std::pair<std::string, std::string>> drivers;
  std::istringstream lines(nearest.body);
  for (std::string plate, at; lines >> plate >> at;) drivers.emplace_back(plate, at);
  const std::vector<Ride> rides = FindRoutes(drivers, place);
  const auto best = std::min_element(rides.begin(), rides.end(), [](const Ride& a, const Ride& b) {
    return a.minutes < b.minutes;
  });
  return best == rides.end() ? Ride() : *best;
}

std::vector<Frontend::Ride> Frontend::FindRoutes(
    const std::vector<std::pair<std::string, std::string>>& drivers, const std::string& to) {
  std::vector<std::future<Ride>> pending;
  const context::Context current = context::RuntimeContext::GetCurrent();
  for (const auto& [plate, from] : drivers) {
    pending.push_back(
        std::async(std::launch::async, [this, plate = plate, from = from, to, current] {
          const auto attached = context::RuntimeContext::Attach(current);
          route_workers_.acquire();
          const Service::Answer answer =
              service_.Get(backends_.route + "/route?from=" + from + "&to=" + to);
          route_workers_.release();
          return Ride{answer.status == 200 ? plate : std::string(), std::atoi(answer.body.c_str())};
        }));
  }
  std::vector<Ride> rides;
  for (auto& ride : pending) {
    rides.push_back(ride.get());
    if (rides.back().plate.empty()) rides.pop_back();
  }
  return rides;
}

}  // namespace spandrel::demo
