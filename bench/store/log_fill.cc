// SPDX-License-Identifier: Apache-2.0
// Leaves a data directory as a process does that dies with a full log: appends generated requests
// to a store that seals nothing, until the log has so many bytes, and ends without closing it.
// Prints one JSON object.
//
// usage: log_fill DIRECTORY LOG_BYTES
#include <fmt/format.h>

#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <regex>

#include "base/log.h"
#include "columnar/engine.h"
#include "traffic/generator.h"
#include "wire/otlp/otlp.h"

namespace spandrel::bench {
namespace {

constexpr uint64_t kSpansPerRequest = 1000;
constexpr int kInFlight = 8;

[[noreturn]] void Fail(const base::Status& status) {
  fmt::print(stderr, "log_fill: {}\n", status.ToString());
  std::_Exit(1);
}

columnar::EngineOptions UnsealedOptions(std::string directory, uint64_t log_bytes) {
  columnar::EngineOptions options;
  options.directory = std::move(directory);
  options.create_directory = true;
  // The log is the same in every mode but for the syncs, which do not matter here.
  options.durability = columnar::Durability::kOs;
  options.seal_bytes = 4 * log_bytes;
  options.max_head_bytes = 8 * log_bytes;
  options.seal_spans = 32 * 1024 * 1024;
  options.seal_age = std::chrono::hours(24);
  return options;
}

uint64_t WrittenBytes(const base::MetricRegistry& metrics) {
  const std::string text = metrics.RenderPrometheus();
  const std::regex line("\nspandrel_store_log_written_bytes_total(?:\\{[^}]*\\})? (\\S+)");
  std::smatch match;
  if (!std::regex_search(text, match, line)) return 0;
  return static_cast<uint64_t>(std::strtod(match[1].str().c_str(), nullptr));
}

// Lets so many appends be under way at once.
class Window {
 public:
  void Enter() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return in_flight_ < kInFlight; });
    ++in_flight_;
  }
  void Leave(const base::Status& status) {
    if (!status.ok()) Fail(status);
    std::lock_guard lock(mutex_);
    --in_flight_;
    changed_.notify_all();
  }
  void WaitUntilEmpty() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return in_flight_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int in_flight_ = 0;
};

[[noreturn]] void Fill(const std::string& directory, uint64_t log_bytes) {
  base::SetLogLevel(base::LogLevel::kWarn);
  base::MetricRegistry metrics;
  auto engine = columnar::Engine::Open(UnsealedOptions(directory, log_bytes), metrics);
  if (!engine.ok()) Fail(engine.status());
  traffic::SpanGenerator generator({.start_time_unix_nano = base::SystemClock().NowUnixNano()});
  Window window;
  uint64_t spans = 0;
  while (WrittenBytes(metrics) < log_bytes) {
    auto request =
        wire::DecodeOtlpProtobuf(base::MakeSharedBytes(generator.NextRequest(kSpansPerRequest)));
    if (!request.ok()) Fail(request.status());
    window.Enter();
    (*engine)->Append(span::SpanBatch(request->chunk),
                      [&window](const base::Status& status) { window.Leave(status); });
    spans += kSpansPerRequest;
  }
  window.WaitUntilEmpty();
  fmt::print("{{\"log_bytes\": {}, \"spans\": {}}}\n", WrittenBytes(metrics), spans);
  std::fflush(stdout);
  std::_Exit(0);
}

}  // namespace
}  // namespace spandrel::bench

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: log_fill DIRECTORY LOG_BYTES\n");
    return 2;
  }
  spandrel::bench::Fill(argv[1], std::strtoull(argv[2], nullptr, 10));
}
