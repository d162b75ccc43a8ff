// SPDX-License-Identifier: Apache-2.0
// Asks the questions of the benchmark at the storage contract, in this process: opens the data
// directory that a server has left, warms each question once, and prints one JSON object with the
// time, the CPU time of all threads and the size of the answer of each.
//
// usage: query_bench DIRECTORY --plant KEY=VALUE --middle KEY --unique KEY --regex PATTERN
//                    [--runs 21] [--ids 1000]
#include <CLI/CLI.hpp>
#include <functional>

#include "base/log.h"
#include "columnar/engine.h"
#include "store/timing.h"
#include "store/trace_samples.h"

namespace spandrel::bench {
namespace {

using storage::AttributeField;
using storage::CompareOp;
using storage::Intrinsic;
using storage::Predicate;
using storage::Reader;

constexpr uint64_t kMinute = 60'000'000'000;
constexpr uint64_t kLargeTrace = 10'000;
constexpr size_t kMinRuns = 3;
constexpr double kEnoughMs = 5'000;
constexpr size_t kPrintedIds = 200;

struct Options {
  std::string directory;
  std::string plant_key = "none";
  std::string plant_value = "none";
  std::string middle_key;
  std::string unique_key;
  std::string pattern;
  size_t runs = 21;
  size_t ids = 1000;
  std::string only;
};

// An answer's size as text; wrong answers are seen by it.
using Question = std::function<base::Result<std::string>()>;

[[noreturn]] void Fail(const base::Status& status) {
  fmt::print(stderr, "query_bench: {}\n", status.ToString());
  std::exit(1);
}

template <typename T>
T Must(base::Result<T> result) {
  if (!result.ok()) Fail(result.status());
  return *std::move(result);
}

class Bench {
 public:
  Bench(Reader& store, const Options& options)
      : store_(store), options_(options), range_(Must(RangeOf(store))) {}

  void Run() {
    if (options_.only.empty()) AskById();
    AskSearches();
    AskAggregates();
    AskLists();
  }

  void Print(double open_ms) const {
    fmt::print("{{\"open_ms\": {:.1f}, \"questions\": [\n {}],\n \"ids\": [\"{}\"]}}\n", open_ms,
               fmt::join(rows_, ",\n "), fmt::join(printed_ids_, "\", \""));
  }

 private:
  void Ask(const std::string& name, const Question& question) {
    if (name.find(options_.only) == std::string::npos) return;
    const std::string result = Must(question());
    Timings timings;
    while (timings.count() < options_.runs &&
           (timings.count() < kMinRuns || timings.sum_ms() < kEnoughMs))
      timings.Measure([&] { (void)Must(question()); });
    rows_.push_back(timings.ToJson(name, result));
  }

  void AskById() {
    const std::vector<span::TraceId> ids = Must(SampleTraces(store_, range_, options_.ids));
    for (size_t i = 0; i < std::min(ids.size(), kPrintedIds); ++i)
      printed_ids_.push_back(ids[i].ToHex());
    Timings timings;
    uint64_t spans = 0;
    for (const bool warm : {false, true}) {
      for (const span::TraceId& id : ids) {
        if (warm) {
          timings.Measure([&] { spans += Must(store_.GetTrace({}, id)).span_count(); });
        } else {
          (void)Must(store_.GetTrace({}, id));
        }
      }
    }
    rows_.push_back(timings.ToJson("trace by id", fmt::format("{} spans", spans)));
    AskAbsentId();
    const auto large = Must(FindLargeTrace(store_, range_, kLargeTrace));
    if (!large) return;
    Ask("large trace by id", [&]() -> base::Result<std::string> {
      return fmt::format("{} spans", Must(store_.GetTrace({}, *large)).span_count());
    });
  }

  void AskAbsentId() {
    std::mt19937_64 random(7);
    Timings timings;
    size_t found = 0;
    for (size_t i = 0; i < options_.ids; ++i) {
      span::TraceId id;
      for (uint8_t& byte : id.bytes) byte = static_cast<uint8_t>(random());
      timings.Measure([&] { found += store_.GetTrace({}, id).ok() ? 1 : 0; });
    }
    rows_.push_back(timings.ToJson("absent id", fmt::format("{} found", found)));
  }

  void Search(const std::string& name, Predicate where,
              storage::Order order = storage::Order::kNewest) {
    storage::SearchRequest request;
    request.where = std::move(where);
    request.order = order;
    Ask(name, [&]() -> base::Result<std::string> {
      const auto found = Must(store_.Search({}, request));
      return fmt::format("{} traces, {} spans looked at", found.traces.size(), found.scanned_spans);
    });
  }

  static Predicate Equals(const std::string& key, const std::string& value) {
    return Predicate::Compare(AttributeField{.key = key}, CompareOp::kEqual, value);
  }

  void AskSearches() {
    const auto services = Must(store_.Services({}));
    const std::string service = services.empty() ? "" : services[services.size() / 2];
    Search("newest 20 of a service",
           Predicate::Compare(Intrinsic::kServiceName, CompareOp::kEqual, service));
    Search("newest 20 of the planted value", Equals(options_.plant_key, options_.plant_value));
    Search("newest 20 of a value nobody has", Equals(options_.middle_key, "nobody has this"));
    Search("the same, of a unique attribute", Equals(options_.unique_key, "nobody has this"));
    Search("slowest 20", Predicate::All(), storage::Order::kSlowest);
  }

  void AskAggregates() {
    storage::AggregateRequest matches;
    matches.where = Predicate::Compare(AttributeField{.key = options_.middle_key},
                                       CompareOp::kMatches, options_.pattern);
    Ask("regex, all matches counted", [&]() -> base::Result<std::string> {
      const auto found = Must(store_.Aggregate({}, matches));
      uint64_t count = 0;
      for (const auto& series : found.series)
        for (const auto& bucket : series.buckets) count += bucket.count;
      return fmt::format("{} spans", count);
    });
    storage::AggregateRequest rates;
    rates.start_time = range_;
    rates.group_by = {Intrinsic::kServiceName};
    rates.step_nano = kMinute;
    Ask("rate and p99 by service", [&]() -> base::Result<std::string> {
      const auto found = Must(store_.Aggregate({}, rates));
      uint64_t count = 0;
      uint64_t buckets = 0;
      uint64_t slowest = 0;
      for (const auto& series : found.series) {
        buckets += series.buckets.size();
        for (const auto& bucket : series.buckets) {
          count += bucket.count;
          slowest = std::max(slowest, bucket.latency.Quantile(0.99));
        }
      }
      return fmt::format("{} series, {} buckets, {} spans, highest p99 {:.0f} ms",
                         found.series.size(), buckets, count, static_cast<double>(slowest) / 1e6);
    });
  }

  void AskLists() {
    Ask("tag values", [&]() -> base::Result<std::string> {
      return fmt::format("{} values",
                         Must(store_.TagValues({}, AttributeField{.key = options_.middle_key},
                                               Predicate::All(), {}, 1000))
                             .size());
    });
    Ask("tag names", [&]() -> base::Result<std::string> {
      return fmt::format("{} names", Must(store_.TagNames({}, Predicate::All(), {}, 1000)).size());
    });
    Ask("dependencies", [&]() -> base::Result<std::string> {
      uint64_t calls = 0;
      const auto found = Must(store_.Dependencies({}, {}));
      for (const auto& dependency : found) calls += dependency.call_count;
      return fmt::format("{} pairs, {} calls", found.size(), calls);
    });
  }

  Reader& store_;
  const Options& options_;
  const storage::TimeRange range_;
  std::vector<std::string> rows_;
  std::vector<std::string> printed_ids_;
};

int Run(const Options& options) {
  base::SetLogLevel(base::LogLevel::kWarn);
  base::MetricRegistry metrics;
  columnar::EngineOptions engine_options;
  engine_options.directory = options.directory;
  const auto begin = std::chrono::steady_clock::now();
  const auto engine = Must(columnar::Engine::Open(engine_options, metrics));
  const std::chrono::duration<double, std::milli> open = std::chrono::steady_clock::now() - begin;
  // Nothing runs in the background while the questions are asked.
  engine->Settle();
  Bench bench(*engine, options);
  bench.Run();
  bench.Print(open.count());
  return 0;
}

int Main(int argc, char** argv) {
  Options options;
  std::string plant;
  CLI::App app("Asks a store's questions and measures them", "query_bench");
  app.add_option("directory", options.directory)->required();
  app.add_option("--plant", plant, "KEY=VALUE of the rare attribute");
  app.add_option("--middle", options.middle_key, "An attribute of middle cardinality")->required();
  app.add_option("--unique", options.unique_key, "A nearly unique attribute")->required();
  app.add_option("--regex", options.pattern, "What to look for in the middle one")->required();
  app.add_option("--runs", options.runs)->check(CLI::PositiveNumber);
  app.add_option("--ids", options.ids)->check(CLI::PositiveNumber);
  app.add_option("--only", options.only, "Only questions whose name has this, none by id");
  CLI11_PARSE(app, argc, argv);
  if (const size_t equals = plant.find('='); equals != std::string::npos) {
    options.plant_key = plant.substr(0, equals);
    options.plant_value = plant.substr(equals + 1);
  }
  return Run(options);
}

}  // namespace
}  // namespace spandrel::bench

int main(int argc, char** argv) {
  return spandrel::bench::Main(argc, argv);
}
