// SPDX-License-Identifier: Apache-2.0
// Where the CPU time of a span goes on its way into a part: requests of the generator are decoded,
// added to heads and sealed, one after the other on one thread. Prints a line for each stage.
//
// usage: seal_bench DIRECTORY [SHAPE [SPANS]]
#include <fmt/format.h>
#include <sys/stat.h>
#include <time.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "columnar/head/head.h"
#include "columnar/part/write/seal.h"
#include "traffic/generator.h"
#include "wire/otlp/otlp.h"

namespace spandrel::bench {
namespace {

constexpr uint64_t kSpansPerRequest = 1000;
constexpr uint64_t kSpansPerHead = 64 * 1024;

class NothingKnown final : public columnar::Head::Known {
 public:
  void Prefetch(uint64_t /*hash*/) const override {}
  bool Contains(const span::SpanEntry& /*entry*/, uint64_t /*hash*/) const override {
    return false;
  }
};

double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// CPU seconds of each stage, and what came out.
struct Totals {
  double decode = 0;
  double add = 0;
  double seal = 0;
  uint64_t spans = 0;
  uint64_t request_bytes = 0;
  uint64_t part_bytes = 0;
};

// Adds up what a stage takes between the calls.
class StageClock {
 public:
  void EndStage(double* total) {
    const double now = CpuSeconds();
    *total += now - last_;
    last_ = now;
  }

 private:
  double last_ = CpuSeconds();
};

[[noreturn]] void Fail(const base::Status& status) {
  fmt::print(stderr, "seal_bench: {}\n", status.ToString());
  std::_Exit(1);
}

void RunHead(const std::vector<base::SharedBytes>& requests, const std::string& path,
             Totals* totals) {
  StageClock clock;
  columnar::Head head;
  for (const base::SharedBytes& bytes : requests) {
    totals->request_bytes += bytes->size();
    auto request = wire::DecodeOtlpProtobuf(bytes);
    if (!request.ok()) Fail(request.status());
    clock.EndStage(&totals->decode);
    head.Add(request->chunk, NothingKnown());
    clock.EndStage(&totals->add);
  }
  const base::Status sealed = columnar::SealHead(head, path);
  if (!sealed.ok()) Fail(sealed);
  clock.EndStage(&totals->seal);
  struct stat part {};
  if (stat(path.c_str(), &part) == 0) totals->part_bytes += static_cast<uint64_t>(part.st_size);
  totals->spans += head.row_count();
}

void Print(const Totals& totals) {
  const auto spans = static_cast<double>(totals.spans);
  const auto line = [&](const char* stage, double seconds) {
    fmt::print("{:<8} {:>7.0f} ns of CPU a span\n", stage, seconds / spans * 1e9);
  };
  line("decode", totals.decode);
  line("add", totals.add);
  line("seal", totals.seal);
  line("together", totals.decode + totals.add + totals.seal);
  fmt::print("{} spans, {:.1f} bytes a span in requests, {:.2f} in parts\n", totals.spans,
             static_cast<double>(totals.request_bytes) / spans,
             static_cast<double>(totals.part_bytes) / spans);
}

void Run(const std::string& directory, traffic::Shape shape, uint64_t spans) {
  traffic::SpanGenerator generator(
      {.shape = shape, .spans = spans, .start_time_unix_nano = 1'700'000'000'000'000'000});
  Totals totals;
  while (totals.spans < spans) {
    std::vector<base::SharedBytes> requests;
    for (uint64_t made = 0; made < kSpansPerHead; made += kSpansPerRequest) {
      requests.push_back(base::MakeSharedBytes(generator.NextRequest(kSpansPerRequest)));
    }
    RunHead(requests, directory + "/seal_bench.part", &totals);
  }
  Print(totals);
}

traffic::Shape ShapeOf(std::string_view name) {
  if (name == "tracegen") return traffic::Shape::kTracegen;
  if (name == "tracegen-random") return traffic::Shape::kTracegenRandom;
  return traffic::Shape::kCompany;
}

}  // namespace
}  // namespace spandrel::bench

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: seal_bench DIRECTORY [SHAPE [SPANS]]\n");
    return 2;
  }
  spandrel::bench::Run(argv[1], spandrel::bench::ShapeOf(argc > 2 ? argv[2] : "company"),
                       argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1'000'000);
}
