// SPDX-License-Identifier: Apache-2.0
#include "cache.h"

#include <random>

#include "opentelemetry/trace/span_startoptions.h"

namespace spandrel::demo {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFindDelay{20};
constexpr milliseconds kGetDelay{10};
constexpr milliseconds kTimeout{30};
constexpr int kDrivers = 10;
constexpr int kTimeoutOneIn = 12;

int Random(int below) {
  static thread_local std::minstd_rand random{std::random_device()()};
  return static_cast<int>(random() % static_cast<unsigned>(below));
}

}  // namespace

Span Cache::StartSpan(const char* command, const std::string& key) const {
  opentelemetry::trace::StartSpanOptions options;
  options.kind = opentelemetry::trace::SpanKind::kClient;
  return tracer_->StartSpan(command,
                            {{"db.system.name", "redis"},
                             {"db.operation.name", command},
                             {"db.query.text", std::string(command) + " " + key},
                             {"server.address", "redis"}},
                            options);
}

std::vector<std::string> Cache::FindDriverIds(const std::string& place) {
  const Span span = StartSpan("GEOSEARCH", place);
  SleepAbout(kFindDelay);
  std::vector<std::string> plates;
  for (int i = 0; i < kDrivers; ++i)
    plates.push_back("T7" + std::to_string(10'000 + Random(90'000)) + "C");
  span->SetAttribute("db.response.returned_rows", kDrivers);
  span->End();
  return plates;
}

std::optional<std::string> Cache::GetDriver(const std::string& plate) {
  const Span span = StartSpan("GET", plate);
  if (Random(kTimeoutOneIn) == 0) {
    SleepAbout(kTimeout);
    span->AddEvent("exception", {{"exception.type", "redis::TimeoutError"},
                                 {"exception.message", "no answer within 30 ms"}});
    span->SetAttribute("error.type", "redis::TimeoutError");
    span->SetStatus(opentelemetry::trace::StatusCode::kError, "no answer within 30 ms");
    span->End();
    return std::nullopt;
  }
  SleepAbout(kGetDelay);
  span->End();
  return std::to_string(Random(1'000)) + "," + std::to_string(Random(1'000));
}

}  // namespace spandrel::demo
