// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "base/log.h"
#include "crash/child.h"
#include "crash/flip_store.h"

// Flips bits in every file of a store and compares the answers with those that it gave before: one
// bit at a time, many in one file, many in all files. Each round opens a copy as a server does, in
// a process of its own. Says how many crashed, how many answers were wrong, that is, lacked
// something and did not say so, and how many spans a flip hid.
namespace spandrel::crash {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kFewSpans = 200'000;  // all of these are read after each flip
constexpr double kMaxHiddenByAFlip = 4096;

struct Options {
  std::string directory;
  uint64_t spans = 100'000;
  uint64_t flips = 1000;
  uint64_t singles = 0;  // 0: as many as flips
  uint64_t seed = 1;
};

// What a store said in a process of its own.
struct Outcome {
  bool crashed = false;
  bool opened = false;
  std::vector<Answer> answers;
  uint64_t spans = 0;  // that can be read
};

std::string Encode(const std::vector<Answer>& answers, uint64_t spans) {
  std::string text = fmt::format("{}\n", spans);
  for (const Answer& answer : answers) {
    text += fmt::format("{} {} {}\n", answer.hash, answer.unreadable_spans, answer.failed ? 1 : 0);
  }
  return text;
}

Outcome Decode(const std::optional<std::string>& text) {
  Outcome outcome{.crashed = !text};
  if (!text || text->empty()) return outcome;
  std::istringstream lines(*text);
  outcome.opened = static_cast<bool>(lines >> outcome.spans);
  Answer answer;
  while (lines >> answer.hash >> answer.unreadable_spans >> answer.failed) {
    outcome.answers.push_back(answer);
  }
  return outcome;
}

// How it went over some rounds.
struct Tally {
  uint64_t flips = 0;
  uint64_t opened = 0;  // stores
  uint64_t crashes = 0;
  uint64_t wrong = 0;
  uint64_t partial = 0;
  uint64_t hidden = 0;
  double most_hidden_by_a_flip = 0;
};

class FlipRounds {
 public:
  explicit FlipRounds(const Options& options)
      : options_(options),
        image_(fs::path(options.directory) / "image"),
        twin_(fs::path(options.directory) / "twin"),
        random_(options.seed) {}

  int Run() {
    FillStore(image_, options_.spans);
    targets_ = FindTargets(image_, options_.spans);
    fmt::print("{} spans, {} files:", targets_.spans, targets_.files.size());
    for (const FlipTarget& target : targets_.files) {
      fmt::print(" {} ({} KB)", target.file.string(), target.bytes / 1000);
    }
    fmt::print("\n");
    FlipOneByOne();
    for (const FlipTarget& target : targets_.files) FlipManyIn(target);
    FlipManyInAll();
    fs::remove_all(options_.directory);
    return Conclude();
  }

 private:
  void FlipOneByOne() {
    const uint64_t singles = options_.singles > 0 ? options_.singles : options_.flips;
    Tally tally;
    for (uint64_t i = 0; i < singles; ++i) {
      const FlipTarget& target = targets_.files[i % targets_.files.size()];
      MakeTwin(image_, twin_, {{target.file}, 1}, random_);
      Try(target, 1, targets_.spans <= kFewSpans, &tally);
    }
    Report("one at a time", tally);
  }

  void FlipManyIn(const FlipTarget& target) {
    Tally tally;
    FlipTarget whole = targets_.whole;
    whole.file = target.file;
    MakeTwin(image_, twin_, {{target.file}, options_.flips}, random_);
    TryTwice(whole, options_.flips, &tally);
    Report(target.file.string(), tally);
  }

  void FlipManyInAll() {
    Tally tally;
    std::vector<fs::path> files;
    for (const FlipTarget& target : targets_.files) files.push_back(target.file);
    MakeTwin(image_, twin_, {files, options_.flips}, random_);
    TryTwice(targets_.whole, options_.flips * files.size(), &tally);
    Report("in all files", tally);
  }

  // The second time is after a restart.
  void TryTwice(const FlipTarget& target, uint64_t flips, Tally* tally) {
    Try(target, flips, true, tally);
    Try(target, 0, true, tally);
  }

  void Try(const FlipTarget& target, uint64_t flips, bool read_all, Tally* tally) {
    const Outcome outcome = Decode(InChild([&] { return Open(target, read_all); }));
    tally->flips += flips;
    tally->opened += outcome.opened ? 1 : 0;
    if (outcome.crashed || !outcome.opened) {
      ++tally->crashes;
      fmt::print("FAILED: {}: {}\n", target.file.string(),
                 outcome.crashed ? "crashed" : "does not open");
      return;
    }
    uint64_t hidden = read_all ? targets_.spans - std::min(targets_.spans, outcome.spans) : 0;
    for (size_t i = 0; i < target.answers.size(); ++i) {
      hidden = std::max(hidden, outcome.answers[i].unreadable_spans);
      Compare(target, target.answers[i], outcome.answers[i], tally);
    }
    if (flips == 0) return;
    tally->hidden += hidden;
    tally->most_hidden_by_a_flip = std::max(
        tally->most_hidden_by_a_flip, static_cast<double>(hidden) / static_cast<double>(flips));
  }

  static void Compare(const FlipTarget& target, const Answer& before, const Answer& after,
                      Tally* tally) {
    if (!after.failed && after.hash == before.hash) return;
    if (!after.failed && after.unreadable_spans > 0) {
      ++tally->partial;
      return;
    }
    ++tally->wrong;
    fmt::print("FAILED: {}: {} {}\n", target.file.string(), before.question,
               after.failed ? "fails" : "lacks something and does not say so");
  }

  // In the child.
  std::string Open(const FlipTarget& target, bool read_all) const {
    base::MetricRegistry metrics;
    columnar::EngineOptions options = FlipOptions(twin_, options_.spans);
    options.merge_fan_in = targets_.files.size() + 2;  // merging takes time and shows nothing here
    const auto engine = columnar::Engine::Open(options, metrics);
    if (!engine.ok()) return "";
    std::vector<Answer> answers;
    for (const AskedFor& asked : target.asked) {
      for (Answer& answer : AskQuestions(**engine, asked)) answers.push_back(std::move(answer));
    }
    if (!read_all) return Encode(answers, targets_.spans);
    return Encode(answers, (*engine)->Verify([](uint64_t) { return true; }).spans);
  }

  void Report(const std::string& name, const Tally& tally) {
    using Seconds = std::chrono::duration<double>;
    const auto now = std::chrono::steady_clock::now();
    fmt::print(
        "{}: {} flips, {} crashes, {} wrong answers, {} partial ones, {} spans hidden, {:.1f} by a "
        "flip at most, {:.1f} s\n",
        name, tally.flips, tally.crashes, tally.wrong, tally.partial, tally.hidden,
        tally.most_hidden_by_a_flip, Seconds(now - since_).count());
    since_ = now;
    sum_.flips += tally.flips;
    sum_.opened += tally.opened;
    sum_.crashes += tally.crashes;
    sum_.wrong += tally.wrong;
    sum_.partial += tally.partial;
    sum_.most_hidden_by_a_flip = std::max(sum_.most_hidden_by_a_flip, tally.most_hidden_by_a_flip);
  }

  int Conclude() const {
    const bool hides_much = sum_.most_hidden_by_a_flip > kMaxHiddenByAFlip;
    const uint64_t failures = sum_.crashes + sum_.wrong + (hides_much ? 1 : 0);
    fmt::print(
        "flipped bits: {} faults injected, {} recoveries, {} spans acknowledged, {} crashes, {} "
        "wrong "
        "answers, {} partial ones, {:.1f} spans hidden by a flip at most, {} failures\n",
        sum_.flips, sum_.opened, targets_.spans, sum_.crashes, sum_.wrong, sum_.partial,
        sum_.most_hidden_by_a_flip, failures);
    return failures == 0 ? 0 : 1;
  }

  const Options options_;
  const fs::path image_;
  const fs::path twin_;
  std::mt19937_64 random_;
  FlipTargets targets_;
  Tally sum_;
  std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
};

int Main(int argc, char** argv) {
  Options options;
  CLI::App app("Flips bits in every file of a store and compares its answers", "flip_rounds");
  app.add_option("directory", options.directory, "Made, and removed in the end")->required();
  app.add_option("--spans", options.spans, "Of the store")->check(CLI::Range(10'000, 1 << 30));
  app.add_option("--flips", options.flips, "In each file, when there are many at once");
  app.add_option("--singles", options.singles, "Flips one at a time; else as many as --flips");
  app.add_option("--seed", options.seed);
  CLI11_PARSE(app, argc, argv);
  if (fs::exists(options.directory)) {
    fmt::print("{} is there already\n", options.directory);
    return 2;
  }
  fs::create_directories(options.directory);
  base::SetLogLevel(base::LogLevel::kOff);
  return FlipRounds(options).Run();
}

}  // namespace
}  // namespace spandrel::crash

int main(int argc, char** argv) {
  return spandrel::crash::Main(argc, argv);
}
