// SPDX-License-Identifier: Apache-2.0
// spandrel-demo: four traced services in one process, and a light load on them.
#include <curl/curl.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>

#include "customer.h"
#include "driver.h"
#include "flags.h"
#include "frontend.h"
#include "load.h"
#include "route.h"
#include "spandrel/sdk.h"

namespace spandrel::demo {
namespace {

void AddFlags(CLI::App& app, Flags& flags) {
  app.add_option("--endpoint", flags.endpoint,
                 "OTLP/gRPC endpoint of the collector (http://localhost:4317)");
  app.add_option("--page", flags.page, "Spandrel's page, for links to traces")
      ->capture_default_str();
  app.add_option("--port", flags.port, "Port of the frontend; 0: any free one")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  app.add_option("--load", flags.requests_per_second, "Rides ordered a second; 0: none")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
  app.add_option("--duration", flags.duration_seconds, "Seconds to run; 0: until Ctrl-C")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--ready-file", flags.ready_file, "Written as JSON when all services listen");
  app.add_flag_callback(
      "--fix-db-delay", [&flags] { flags.database_delay = std::chrono::milliseconds(30); },
      "The database takes 30 ms, not 300");
  app.add_flag_callback(
      "--fix-db-lock", [&flags] { flags.database_lock = false; },
      "The database has as many connections as it needs, not one");
  app.add_flag_callback(
      "--fix-driver-lookups", [&flags] { flags.driver_lookups_one_by_one = false; },
      "Drivers are looked up at once, not one by one");
  app.add_flag_callback(
      "--fix-route-workers", [&flags] { flags.route_workers = 100; },
      "100 routes are calculated at once, not 3");
}

bool WriteReadyFile(const std::string& path, const Frontend& frontend, const Customer& customer,
                    const Driver& driver, const Route& route) {
  if (path.empty()) return true;
  const std::string unfinished = path + ".tmp";
  std::ofstream file(unfinished);
  file << "{" << JsonField("frontend", frontend.service().address()) << ", "
       << JsonField("customer", customer.service().address()) << ", "
       << JsonField("driver", driver.service().address()) << ", "
       << JsonField("route", route.service().address()) << ", \"pid\": " << getpid() << "}\n";
  file.close();
  return file.good() && std::rename(unfinished.c_str(), path.c_str()) == 0;
}

// Until SIGINT, SIGTERM or the end of the asked duration.
void WaitForTheEnd(const sigset_t& signals, double seconds) {
  if (seconds <= 0) {
    int number = 0;
    (void)sigwait(&signals, &number);
    return;
  }
  timespec duration{};
  duration.tv_sec = static_cast<time_t>(seconds);
  duration.tv_nsec = static_cast<long>((seconds - static_cast<double>(duration.tv_sec)) * 1e9);
  (void)sigtimedwait(&signals, nullptr, &duration);
}

int Run(const Flags& flags, const sigset_t& signals) {
  Customer customer(flags);
  Driver driver(flags);
  Route route(flags);
  if (!customer.service().Start(0) || !driver.service().Start(0) || !route.service().Start(0)) {
    std::fprintf(stderr, "spandrel-demo: no free port on 127.0.0.1\n");
    return 1;
  }
  Frontend frontend(flags,
                    {customer.service().url(), driver.service().url(), route.service().url()});
  if (!frontend.service().Start(flags.port)) {
    std::fprintf(stderr, "spandrel-demo: port %d of 127.0.0.1 is in use\n", flags.port);
    return 1;
  }
  if (!WriteReadyFile(flags.ready_file, frontend, customer, driver, route)) {
    std::fprintf(stderr, "spandrel-demo: cannot write %s\n", flags.ready_file.c_str());
    return 1;
  }
  std::printf("spandrel-demo: order rides at %s, see their traces at %s\n",
              frontend.service().url().c_str(), flags.page.c_str());
  std::fflush(stdout);
  {
    const Load load(frontend.service().url() + "/dispatch?customer=", flags.requests_per_second);
    WaitForTheEnd(signals, flags.duration_seconds);
  }
  std::printf("spandrel-demo: stopping\n");
  return 0;
}

}  // namespace
}  // namespace spandrel::demo

int main(int argc, char** argv) {
  spandrel::demo::Flags flags;
  CLI::App app("Four traced C++ services that teach how to read traces", "spandrel-demo");
  spandrel::demo::AddFlags(app, flags);
  CLI11_PARSE(app, argc, argv);

  // Before any thread is made, so that only WaitForTheEnd gets them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  curl_global_init(CURL_GLOBAL_DEFAULT);
  spandrel::sdk::InstallPropagators();
  const int result = spandrel::demo::Run(flags, signals);
  curl_global_cleanup();
  return result;
}
