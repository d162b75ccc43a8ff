// SPDX-License-Identifier: Apache-2.0
#include "traffic/load.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <thread>

#include "base/clock.h"
#include "base/mutex.h"
#include "net/grpc/grpc_channel.h"
#include "net/socket/io_runtime.h"
#include "storage/latency_histogram.h"

namespace spandrel::traffic {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kExportPath =
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
constexpr std::chrono::seconds kTimeout{30};
constexpr std::chrono::milliseconds kDefaultRetryDelay{100};
constexpr std::chrono::milliseconds kProgressInterval{500};
// A server that acknowledges nothing for so long is taken for gone.

GeneratorOptions GeneratorOptionsOf(const LoadOptions& load) {
  GeneratorOptions options{.seed = load.seed,
                           .shape = load.shape,
                           .spans = load.spans,
                           .start_time_unix_nano = base::SystemClock().NowUnixNano(),
                           .planted = load.planted};
  if (load.period.count() == 0 || load.spans == 0) return options;
  const std::chrono::nanoseconds period = load.period;
  options.start_time_unix_nano -= static_cast<uint64_t>(period.count());
  options.nano_per_span = static_cast<double>(period.count()) / static_cast<double>(load.spans);
  return options;
}

// What became of the requests so far. Callbacks of the channel write it, the sending thread reads.
class Progress {
 public:
  void Started() {
    base::MutexLock lock(mutex_);
    ++in_flight_;
  }

  void Finished(const net::GrpcChannel::Reply& reply, GeneratedRequest request,
                Clock::duration latency) {
    const uint64_t spans = request.spans;
    base::MutexLock lock(mutex_);
    --in_flight_;
    if (reply.status.ok()) {
      acknowledged_ += spans;
      latency_.Add(static_cast<uint64_t>(std::chrono::nanoseconds(latency).count()));
    } else if (reply.status.retryable()) {
      ++retries_;
      last_error_ = reply.status.ToString();
      const auto delay = reply.status.retry_after().value_or(kDefaultRetryDelay);
      retry_.emplace(Clock::now() + delay, std::move(request));
    } else {
      refused_ += spans;
      last_error_ = reply.status.ToString();
    }
    changed_.NotifyAll();
  }

  // Waits until fewer than `limit` requests are in flight or wait to be sent again, until one of
  // these is due, or until `deadline`.
  bool WaitForRoom(uint64_t limit, Clock::time_point deadline) {
    base::MutexLock lock(mutex_);
    while (!HasRoom(limit) && !IsDue()) {
      if (Clock::now() >= deadline) return false;
      const auto until = retry_.empty() ? deadline : std::min(deadline, retry_.begin()->first);
      (void)changed_.WaitUntil(lock, until);
    }
    return true;
  }

  // A request that is to be sent again by now; each waits for itself, as senders do.
  std::optional<GeneratedRequest> TakeRetry() {
    base::MutexLock lock(mutex_);
    if (!IsDue()) return std::nullopt;
    GeneratedRequest request = std::move(retry_.begin()->second);
    retry_.erase(retry_.begin());
    return request;
  }

  struct Figures {
    uint64_t in_flight, acknowledged, refused, retries, p50_nano, p99_nano;
    bool has_retry;
    std::string last_error;
  };
  Figures Get() {
    base::MutexLock lock(mutex_);
    return {in_flight_,
            acknowledged_,
            refused_,
            retries_,
            latency_.Quantile(0.5),
            latency_.Quantile(0.99),
            !retry_.empty(),
            last_error_};
  }

 private:
  bool HasRoom(uint64_t limit) const SPANDREL_REQUIRES(mutex_) {
    return in_flight_ + retry_.size() < limit;
  }
  bool IsDue() const SPANDREL_REQUIRES(mutex_) {
    return !retry_.empty() && retry_.begin()->first <= Clock::now();
  }

  base::Mutex mutex_;
  base::CondVar changed_;
  uint64_t in_flight_ SPANDREL_GUARDED_BY(mutex_) = 0;
  uint64_t acknowledged_ SPANDREL_GUARDED_BY(mutex_) = 0;
  uint64_t refused_ SPANDREL_GUARDED_BY(mutex_) = 0;
  uint64_t retries_ SPANDREL_GUARDED_BY(mutex_) = 0;
  // By when they are due.
  std::multimap<Clock::time_point, GeneratedRequest> retry_ SPANDREL_GUARDED_BY(mutex_);
  storage::LatencyHistogram latency_ SPANDREL_GUARDED_BY(mutex_);
  std::string last_error_ SPANDREL_GUARDED_BY(mutex_);
};

class LoadRun {
 public:
  LoadRun(const LoadOptions& options, net::Endpoint endpoint, const std::atomic<bool>& stop)
      : options_(options),
        stop_(stop),
        runtime_(1),
        channel_(runtime_, {.endpoint = std::move(endpoint),
                            .tls = {.insecure = true},
                            .compression = options.compression}),
        generator_(GeneratorOptionsOf(options)),
        show_progress_(isatty(STDERR_FILENO) != 0) {}

  int Run() {
    started_ = Clock::now();
    while (!stop_ &&
           (sent_ < options_.spans || progress_.Get().in_flight > 0 || progress_.Get().has_retry)) {
      ShowProgress();
      if (!progress_.WaitForRoom(options_.requests_in_flight, Clock::now() + kProgressInterval))
        continue;
      SendNext();
    }
    PrintResult();
    const auto figures = progress_.Get();
    return figures.refused == 0 && figures.acknowledged == sent_ ? 0 : 1;
  }

 private:
  void SendNext() {
    if (auto again = progress_.TakeRetry()) {
      Send(*std::move(again));
    } else if (sent_ < options_.spans) {
      Pace();
      GeneratedRequest request = Generate();
      sent_ += request.spans;
      Send(std::move(request));
    } else {
      // All is sent; what is in flight decides how it ends.
      (void)progress_.WaitForRoom(1, Clock::now() + std::chrono::milliseconds(20));
    }
  }

  GeneratedRequest Generate() {
    const uint64_t count = options_.spans_per_request;
    if (options_.arrival == Arrival::kPieces) return generator_.NextPiece(count);
    const uint64_t next = std::min(count, options_.spans - sent_);
    return {generator_.NextRequest(next), next};
  }

  void Send(GeneratedRequest request) {
    progress_.Started();
    bytes_ += request.bytes.size();
    const auto sent_at = Clock::now();
    // The channel copies what it sends; the request stays here in case it must go again.
    auto kept = std::make_shared<GeneratedRequest>(std::move(request));
    channel_.Unary(kExportPath, kept->bytes, kTimeout,
                   [this, kept, sent_at](net::GrpcChannel::Reply reply) {
                     progress_.Finished(reply, std::move(*kept), Clock::now() - sent_at);
                   });
  }

  void Pace() const {
    if (options_.spans_per_second == 0) return;
    const auto due = std::chrono::duration<double>(static_cast<double>(sent_) /
                                                   static_cast<double>(options_.spans_per_second));
    std::this_thread::sleep_until(started_ + std::chrono::duration_cast<Clock::duration>(due));
  }

  double Seconds() const { return std::chrono::duration<double>(Clock::now() - started_).count(); }

  void ShowProgress() {
    if (!show_progress_ || Clock::now() < next_progress_) return;
    next_progress_ = Clock::now() + kProgressInterval;
    const auto figures = progress_.Get();
    fmt::print(stderr, "\r{:>12} of {} spans acknowledged, {:.0f}/s, {} retries {}\x1b[K",
               figures.acknowledged, options_.spans,
               static_cast<double>(figures.acknowledged) / Seconds(), figures.retries,
               figures.last_error);
  }

  void PrintResult() {
    if (show_progress_) fmt::print(stderr, "\r\x1b[K");
    const auto figures = progress_.Get();
    const double seconds = Seconds();
    if (options_.json) {
      fmt::print(
          "{{\"acknowledged\": {}, \"refused\": {}, \"retries\": {}, \"bytes\": {}, \"seconds\": "
          "{:.3f}, "
          "\"ack_p50_ms\": {:.3f}, \"ack_p99_ms\": {:.3f}}}\n",
          figures.acknowledged, figures.refused, figures.retries, bytes_, seconds,
          static_cast<double>(figures.p50_nano) / 1e6, static_cast<double>(figures.p99_nano) / 1e6);
    } else {
      fmt::print(
          "{} spans acknowledged in {:.1f} s ({:.0f}/s), {} refused, {} retries, ack p50 {:.1f} ms "
          "p99 {:.1f} ms\n",
          figures.acknowledged, seconds, static_cast<double>(figures.acknowledged) / seconds,
          figures.refused, figures.retries, static_cast<double>(figures.p50_nano) / 1e6,
          static_cast<double>(figures.p99_nano) / 1e6);
    }
    if (!figures.last_error.empty()) fmt::print(stderr, "last error: {}\n", figures.last_error);
    std::fflush(stdout);
  }

  const LoadOptions& options_;
  const std::atomic<bool>& stop_;
  // Before the runtime and the channel, whose callbacks write it.
  Progress progress_;
  net::IoRuntime runtime_;
  net::GrpcChannel channel_;
  SpanGenerator generator_;
  const bool show_progress_;
  uint64_t sent_ = 0;
  uint64_t bytes_ = 0;
  Clock::time_point started_;
  Clock::time_point next_progress_;
};

}  // namespace

int RunLoad(const LoadOptions& options, const std::atomic<bool>& stop) {
  auto endpoint = net::ParseEndpoint(options.endpoint);
  if (!endpoint.ok()) {
    fmt::print(stderr, "spandrel load: --endpoint: {}\n", endpoint.status().message());
    return 2;
  }
  for (const PlantedAttribute& planted : options.planted) {
    if (planted.count <= options.spans) continue;
    fmt::print(stderr, "spandrel load: --plant: {} on more spans than --spans\n",
               planted.attribute.key);
    return 2;
  }
  return LoadRun(options, *std::move(endpoint), stop).Run();
}

}  // namespace spandrel::traffic
