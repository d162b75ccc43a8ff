// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <malloc.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>

#include "base/log.h"
#include "base/metric_table.h"
#include "cli/command.h"
#include "pipeline/describe.h"
#include "server/collector.h"
#include "server/configuration.h"
#include "server/options.h"
#include "server/process/process.h"
#include "store_tool/store_command.h"
#include "traffic/load.h"

namespace spandrel::server {
namespace {

constexpr std::chrono::seconds kStopTimeout{10};
constexpr int kMappedBytes = 512 << 10;

// Blocked in every thread that is started later, so that only WaitForStop sees them.
sigset_t BlockStopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

// A log whose reader has gone is no reason to stop, nor is a signal that asks for nothing here: by
// default each of these ends the process at once.
void IgnoreOtherSignals() {
  for (int signal : {SIGPIPE, SIGALRM, SIGUSR1, SIGUSR2}) std::signal(signal, SIG_IGN);
}

// Reads the configuration again at every SIGHUP until another signal says to stop.
void WaitForStop(const sigset_t& signals, Collector& collector) {
  int signal = SIGHUP;
  while (signal == SIGHUP) {
    sigwait(&signals, &signal);
    if (signal == SIGHUP) collector.Reload();
  }
  base::LogInfo("stopping; a second signal ends at once");
  // From here on the default action holds, which ends the process.
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

void LogAddresses(const Addresses& addresses) {
  for (const auto& [name, address] : addresses.All()) base::LogInfo("{} on {}", name, address);
}

int Serve(const Options& options) {
  IgnoreOtherSignals();
  const sigset_t signals = BlockStopSignals();
  RaiseOpenFilesLimit();
  Collector collector(options);
  if (base::Status status = collector.Start(); !status.ok()) {
    fmt::print(stderr, "spandrel: {}\n", status.message());
    return 1;
  }
  LogAddresses(collector.addresses());
  base::LogInfo("everything is ready");
  WaitForStop(signals, collector);
  collector.Stop(std::chrono::steady_clock::now() + kStopTimeout);
  base::LogInfo("stopped");
  return 0;
}

int Validate(const Options& options) {
  base::SetLogLevel(base::LogLevel::kOff);
  const Collector collector(options);
  auto config = LoadConfiguration(options, collector.factories());
  fmt::print(stderr, "{}", config.problems.ToString());
  if (!config.ok()) return 1;
  fmt::print("the configuration is valid\n");
  return 0;
}

int PrintConfig(const Options& options) {
  base::SetLogLevel(base::LogLevel::kOff);
  const Collector collector(options);
  auto config = LoadConfiguration(options, collector.factories());
  fmt::print(stderr, "{}", config.problems.ToString());
  if (!config.ok()) return 1;
  const bool as_json = options.print_format == "json";
  fmt::print("{}", pipeline::PrintConfig(*config.loaded, as_json ? pipeline::ConfigFormat::kJson
                                                                 : pipeline::ConfigFormat::kYaml));
  return 0;
}

int PrintComponents(const Options& options) {
  base::SetLogLevel(base::LogLevel::kOff);
  const Collector collector(options);
  fmt::print("{}", pipeline::DescribeComponents(collector.factories()));
  return 0;
}

int PrintMetrics() {
  fmt::print("{}", base::MetricPage(base::MetricTable()));
  return 0;
}

std::atomic<bool> stop_load{false};

int Load(const Options& options) {
  for (int signal : {SIGINT, SIGTERM}) std::signal(signal, [](int) { stop_load = true; });
  return traffic::RunLoad(options.load, stop_load);
}

// The process lives long and holds large buffers for short times: few arenas keep what is free in
// one place, where it can be given back.
void ConfigureAllocator() {
  mallopt(M_ARENA_MAX, 2);
  // Large buffers go back at once when they are freed. By default the bound grows with what is
  // freed, up to 32 MiB, and the process keeps them.
  mallopt(M_MMAP_THRESHOLD, kMappedBytes);
  mallopt(M_TRIM_THRESHOLD, 2 * kMappedBytes);
}

int Main(int argc, char** argv) {
  ConfigureAllocator();
  const ParsedOptions parsed = ParseOptions(argc, argv);
  if (parsed.exit_now) return parsed.exit_status;
  if (parsed.options.verbose) base::SetLogLevel(base::LogLevel::kDebug);
  switch (parsed.options.command) {
    case Command::kValidate:
      return Validate(parsed.options);
    case Command::kComponents:
      return PrintComponents(parsed.options);
    case Command::kPrintConfig:
      return PrintConfig(parsed.options);
    case Command::kMetrics:
      return PrintMetrics();
    case Command::kLoad:
      return Load(parsed.options);
    case Command::kStore:
      return store_tool::RunStoreCommand(parsed.options.store);
    case Command::kAsk:
      return cli::RunCommand(parsed.options.ask);
    case Command::kServe:
      break;
  }
  return Serve(parsed.options);
}

}  // namespace
}  // namespace spandrel::server

int main(int argc, char** argv) {
  return spandrel::server::Main(argc, argv);
}
