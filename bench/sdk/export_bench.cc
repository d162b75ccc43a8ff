// SPDX-License-Identifier: Apache-2.0
// What a service pays for real export, and what it loses: Spandrel's library and Debian's
// opentelemetry-cpp, each in a process of its own, send by OTLP/gRPC to one collector in a third.
//   cores   CPU time of the service's whole process a second, at a steady rate of spans
//   lost    of a burst of spans made as fast as possible, to a collector that answers after 20 ms
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/byte_budget.h"
#include "base/metrics.h"
#include "net/grpc/grpc_server.h"
#include "net/peer/server.h"
#include "net/socket/io_runtime.h"
#include "opentelemetry/exporters/otlp/otlp_grpc_exporter_factory.h"
#include "opentelemetry/exporters/otlp/otlp_grpc_exporter_options.h"
#include "opentelemetry/sdk/common/global_log_handler.h"
#include "opentelemetry/sdk/trace/batch_span_processor_factory.h"
#include "opentelemetry/sdk/trace/batch_span_processor_options.h"
#include "opentelemetry/sdk/trace/tracer_provider.h"
#include "opentelemetry/trace/span.h"
#include "opentelemetry/trace/tracer.h"
#include "spandrel/sdk.h"
#include "wire/otlp/otlp.h"

namespace {

namespace api = opentelemetry::trace;
namespace nostd = opentelemetry::nostd;
namespace net = spandrel::net;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kSpansASecond = 100'000;
constexpr int kBurst = 100'000;
constexpr milliseconds kPeerLatency{20};

// Answers calls some time after they came.
class DelayedAnswers {
 public:
  explicit DelayedAnswers(milliseconds latency) : latency_(latency), thread_([this] { Run(); }) {}

  void Add(std::shared_ptr<net::GrpcCall> call) {
    std::lock_guard lock(mutex_);
    calls_.push_back({steady_clock::now() + latency_, std::move(call)});
    changed_.notify_one();
  }

 private:
  struct Waiting {
    steady_clock::time_point due;
    std::shared_ptr<net::GrpcCall> call;
  };
  [[noreturn]] void Run() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return !calls_.empty(); });
      const Waiting next = std::move(calls_.front());
      calls_.pop_front();
      lock.unlock();
      std::this_thread::sleep_until(next.due);
      next.call->Reply(spandrel::wire::EncodeExportResponseProtobuf({}));
      lock.lock();
    }
  }

  const milliseconds latency_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Waiting> calls_;  // guarded by mutex_
  std::thread thread_;
};

// The collector's process: writes its port, and then the number of spans it has got whenever it is
// asked; ends with its input.
[[noreturn]] void RunCollector(milliseconds latency, int in, int out) {
  spandrel::base::MetricRegistry metrics;
  spandrel::base::ByteBudget memory(size_t{1} << 30);
  std::atomic<uint64_t> spans{0};
  DelayedAnswers answers(latency);
  net::IoRuntime runtime(1);
  net::GrpcRouter router(memory);
  router.Handle("/opentelemetry.proto.collector.trace.v1.TraceService/Export",
                [&](std::shared_ptr<net::GrpcCall> call) {
                  spandrel::base::ByteBudget::Reservation reservation;
                  const auto request = spandrel::wire::DecodeOtlpProtobuf(
                      std::make_shared<const std::string>(call->TakeMessage(&reservation)));
                  if (request.ok()) spans += request->chunk->spans.size();
                  answers.Add(std::move(call));
                });
  net::ServerOptions options;
  options.endpoint = {"127.0.0.1", 0};
  net::Server server(runtime, options, metrics, memory, router);
  if (!server.Start().ok()) std::_Exit(1);
  uint64_t number = server.bound().port;
  char question = 0;
  do {
    if (write(out, &number, sizeof(number)) != sizeof(number)) break;
    if (read(in, &question, 1) != 1) break;
    number = spans;
  } while (true);
  std::_Exit(0);
}

// A child process with a pipe each way.
struct Child {
  pid_t pid;
  int to;
  int from;

  uint64_t ReadNumber() const {
    uint64_t number = 0;
    if (read(from, &number, sizeof(number)) != sizeof(number)) std::exit(1);
    return number;
  }
  uint64_t Ask() const {
    if (write(to, "?", 1) != 1) std::exit(1);
    return ReadNumber();
  }
  void Wait() const {
    close(to);
    close(from);
    waitpid(pid, nullptr, 0);
  }
};

Child Start(const std::function<void(int in, int out)>& run) {
  int to[2];
  int from[2];
  if (pipe(to) != 0 || pipe(from) != 0) std::exit(1);
  std::fflush(stdout);
  const pid_t pid = fork();
  if (pid == 0) {
    close(to[1]);
    close(from[0]);
    run(to[0], from[1]);
    std::_Exit(0);
  }
  close(to[0]);
  close(from[1]);
  return {pid, to[1], from[0]};
}

// A tracer under test, with what keeps it alive.
struct Service {
  nostd::shared_ptr<api::Tracer> tracer;
  std::function<void()> shutdown;
};
using MakeService = std::function<Service(const std::string& endpoint)>;

Service Ours(const std::string& endpoint) {
  spandrel::sdk::Options options;
  options.exporter.endpoint = "http://" + endpoint;
  const auto provider =
      std::make_shared<spandrel::sdk::Provider>(spandrel::sdk::MakeProvider(options));
  return {provider->tracer_provider()->GetTracer("bench", "1"),
          [provider] { (void)provider->Shutdown(std::chrono::seconds(30)); }};
}

// Its log has a line for each span that it drops, which would be measured too.
class Silence final : public opentelemetry::sdk::common::internal_log::LogHandler {
 public:
  void Handle(opentelemetry::sdk::common::internal_log::LogLevel, const char*, int, const char*,
              const opentelemetry::sdk::common::AttributeMap&) noexcept override {}
};

Service Theirs(const std::string& endpoint) {
  using opentelemetry::sdk::common::internal_log::GlobalLogHandler;
  namespace peer = opentelemetry::sdk::trace;
  GlobalLogHandler::SetLogHandler(
      nostd::shared_ptr<opentelemetry::sdk::common::internal_log::LogHandler>(new Silence));
  opentelemetry::exporter::otlp::OtlpGrpcExporterOptions options;
  options.endpoint = endpoint;
  options.use_ssl_credentials = false;
  const auto provider =
      std::make_shared<peer::TracerProvider>(peer::BatchSpanProcessorFactory::Create(
          opentelemetry::exporter::otlp::OtlpGrpcExporterFactory::Create(options),
          peer::BatchSpanProcessorOptions()));
  return {provider->GetTracer("bench", "1"), [provider] {
            provider->ForceFlush(std::chrono::seconds(30));
            provider->Shutdown(std::chrono::seconds(30));
          }};
}

void MakeSpan(api::Tracer& tracer) {
  const auto span = tracer.StartSpan("GET /api/v1/users/{id}/orders");
  span->SetAttribute("http.request.method", "GET");
  span->SetAttribute("url.scheme", "https");
  span->SetAttribute("url.path", "/api/v1/users/8412345/orders");
  span->SetAttribute("http.response.status_code", 200);
  span->SetAttribute("server.address", "shop.example.com");
  span->End();
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Spans at a steady rate, in ticks of a millisecond; returns the CPU seconds a second of such spans
// takes, also when the machine is too busy to keep the rate.
double Pace(api::Tracer& tracer, std::chrono::seconds duration) {
  const double cpu = CpuSeconds();
  const auto start = steady_clock::now();
  auto tick = start;
  while (tick < start + duration) {
    for (int i = 0; i < kSpansASecond / 1'000; ++i) MakeSpan(tracer);
    tick += milliseconds(1);
    std::this_thread::sleep_until(tick);
  }
  return (CpuSeconds() - cpu) / std::chrono::duration<double>(duration).count();
}

struct Result {
  double millicores = 0;
  double lost_percent = 0;
};

// One service against one collector; `work` returns thousandths of a core, or nothing of interest.
Result Run(const MakeService& make, milliseconds latency, uint64_t spans,
           const std::function<double(api::Tracer&)>& work) {
  const Child collector = Start([latency](int in, int out) { RunCollector(latency, in, out); });
  const std::string endpoint = "127.0.0.1:" + std::to_string(collector.ReadNumber());
  const Child service = Start([&](int, int out) {
    const Service made = make(endpoint);
    const auto millicores = static_cast<uint64_t>(work(*made.tracer) * 1'000);
    made.shutdown();
    if (write(out, &millicores, sizeof(millicores)) != sizeof(millicores)) std::_Exit(1);
  });
  Result result;
  result.millicores = static_cast<double>(service.ReadNumber());
  service.Wait();
  const uint64_t got = std::min(collector.Ask(), spans);
  collector.Wait();
  result.lost_percent = 100.0 * static_cast<double>(spans - got) / static_cast<double>(spans);
  return result;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

template <typename Measure>
void PrintRow(const char* name, const char* unit, int decimals, int rounds, Measure measure) {
  std::vector<std::vector<double>> values(2);
  for (int round = 0; round < rounds; ++round) {
    values[0].push_back(measure(MakeService(Ours)));
    values[1].push_back(measure(MakeService(Theirs)));
  }
  std::printf("%-44s", name);
  for (const auto& column : values) std::printf("  %14.*f %s", decimals, Median(column), unit);
  std::printf("\n");
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 5;
  const std::chrono::seconds duration(argc > 2 ? std::atoi(argv[2]) : 5);
  std::printf("median of %d rounds, OTLP/gRPC over loopback\n", rounds);
  std::printf("\n%-44s  %20s  %20s\n", "export", "spandrel", "otel-cpp OTLP/gRPC");
  const auto paced_spans = static_cast<uint64_t>(duration.count()) * kSpansASecond;
  PrintRow("100,000 spans/s, whole process", "cores", 3, rounds, [&](const MakeService& make) {
    const auto pace = [&](api::Tracer& tracer) { return Pace(tracer, duration); };
    return Run(make, milliseconds(0), paced_spans, pace).millicores / 1'000;
  });
  PrintRow("burst of 100,000, 20 ms peer", "% lost", 1, rounds, [&](const MakeService& make) {
    const auto burst = [](api::Tracer& tracer) {
      for (int i = 0; i < kBurst; ++i) MakeSpan(tracer);
      return 0.0;
    };
    return Run(make, kPeerLatency, kBurst, burst).lost_percent;
  });
  return 0;
}
