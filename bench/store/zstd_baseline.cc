// SPDX-License-Identifier: Apache-2.0
// What the generated requests weigh, and under zstd, each request for itself: the disk that a store
// without any structure needs. Prints one JSON object.
//
// usage: zstd_baseline company|tracegen|tracegen-random SPANS [SPANS_PER_REQUEST]
#include <fmt/format.h>
#include <zstd.h>

#include <cstdlib>
#include <ctime>
#include <map>
#include <string>
#include <string_view>

#include "traffic/generator.h"

namespace spandrel::bench {
namespace {

constexpr uint64_t kStart = 1'700'000'000'123'456'789;
constexpr int kLevels[] = {1, 3};

const std::map<std::string_view, traffic::Shape> kShapes = {
    {"company", traffic::Shape::kCompany},
    {"tracegen", traffic::Shape::kTracegen},
    {"tracegen-random", traffic::Shape::kTracegenRandom}};

double CpuSeconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

int Run(traffic::Shape shape, uint64_t spans, uint64_t per_request) {
  traffic::SpanGenerator generator(
      {.shape = shape, .spans = spans, .start_time_unix_nano = kStart});
  uint64_t bytes = 0;
  std::map<int, uint64_t> packed;
  double generating = 0;
  std::string out;
  uint64_t made = 0;
  for (; made < spans; made += per_request) {
    const double begin = CpuSeconds();
    const std::string request = generator.NextRequest(per_request);
    generating += CpuSeconds() - begin;
    bytes += request.size();
    out.resize(ZSTD_compressBound(request.size()));
    for (const int level : kLevels)
      packed[level] += ZSTD_compress(out.data(), out.size(), request.data(), request.size(), level);
  }
  const auto per_span = [&](uint64_t sum) {
    return static_cast<double>(sum) / static_cast<double>(made);
  };
  fmt::print(
      "{{\"otlp_bytes_per_span\": {:.1f}, \"zstd_1\": {:.1f}, \"zstd_3\": {:.1f}, "
      "\"generated_per_cpu_s\": {:.0f}}}\n",
      per_span(bytes), per_span(packed[1]), per_span(packed[3]),
      static_cast<double>(made) / generating);
  return 0;
}

int Main(int argc, char** argv) {
  const auto shape = argc > 2 ? kShapes.find(argv[1]) : kShapes.end();
  if (shape == kShapes.end()) {
    fmt::print(stderr,
               "usage: zstd_baseline company|tracegen|tracegen-random SPANS [PER_REQUEST]\n");
    return 2;
  }
  const uint64_t per_request = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1000;
  return Run(shape->second, std::strtoull(argv[2], nullptr, 10), per_request);
}

}  // namespace
}  // namespace spandrel::bench

int main(int argc, char** argv) {
  return spandrel::bench::Main(argc, argv);
}
