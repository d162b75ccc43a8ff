// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "columnar/testing/spans.h"
#include "crash/driver.h"
#include "crash/ledger.h"
#include "crash/store_check.h"

namespace spandrel::crash {
namespace {

namespace fs = std::filesystem;

constexpr size_t kEveryByteBelow = 512;
constexpr size_t kSampledEdge = 64;  // bytes at both ends of a larger file, all of which are tried
constexpr size_t kSampledStep = 1024;

std::string ReadWhole(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteWhole(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// One way to damage one file.
struct Damage {
  std::string what;
  bool removes = false;
  bool flips_one_bit = false;
  std::string content;
};

std::vector<size_t> PlacesToFlip(size_t size) {
  std::vector<size_t> places;
  for (size_t at = 0; at < size; ++at) {
    const bool at_an_edge = at < kSampledEdge || at + kSampledEdge >= size;
    if (size <= kEveryByteBelow || at_an_edge || at % kSampledStep == 0) places.push_back(at);
  }
  return places;
}

std::vector<Damage> DamagesOf(const std::string& bytes) {
  const size_t size = bytes.size();
  std::vector<Damage> damages = {{"removed", true, false, {}}, {"emptied", false, false, {}}};
  if (size == 0) return damages;
  damages.push_back({"cut in half", false, false, bytes.substr(0, size / 2)});
  damages.push_back({"one byte short", false, false, bytes.substr(0, size - 1)});
  const size_t zeros = std::min<size_t>(4096, (size + 1) / 2);
  damages.push_back(
      {"zeros at the end", false, false, bytes.substr(0, size - zeros) + std::string(zeros, '\0')});
  damages.push_back({"all zeros", false, false, std::string(size, '\0')});
  for (const size_t at : PlacesToFlip(size)) {
    Damage flip{fmt::format("bit {} of byte {} flipped", at % 8, at), false, true, bytes};
    flip.content[at] = static_cast<char>(flip.content[at] ^ (1 << at % 8));
    damages.push_back(std::move(flip));
  }
  return damages;
}

class DamageRun {
 public:
  DamageRun(const DriverJob& job, Ledger ledger)
      : job_(job), ledger_(std::move(ledger)), original_(job.directory) {
    copy_job_ = job;
    copy_job_.directory += ".damaged";
  }

  int Run() {
    for (const fs::path& file : Files()) DamageFile(file);
    fs::remove_all(copy_job_.directory);
    fmt::print("damages={} recoveries={} spans_set_aside={} failed={}\n", damages_, recoveries_,
               set_aside_, failed_);
    return failed_;
  }

 private:
  struct Outcome {
    bool opened = false;
    uint64_t reported = 0;
    Findings findings;
    bool writable = false;
  };

  std::vector<fs::path> Files() const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(original_)) {
      if (!entry.is_regular_file() || entry.path().filename() == "LOCK") continue;
      files.push_back(fs::relative(entry.path(), original_));
    }
    std::sort(files.begin(), files.end());
    return files;
  }

  void MakeCopy(const fs::path& file, const Damage& damage) const {
    const fs::path copy = copy_job_.directory;
    fs::remove_all(copy);
    fs::copy(original_, copy, fs::copy_options::recursive);
    if (damage.removes) {
      fs::remove(copy / file);
    } else {
      WriteWhole(copy / file, damage.content);
    }
  }

  Outcome Recover() {
    Outcome outcome;
    ++recoveries_;
    base::MetricRegistry metrics;
    auto engine = columnar::Engine::Open(OptionsFor(copy_job_), metrics);
    if (!engine.ok()) return outcome;
    outcome.opened = true;
    outcome.findings = CheckStore(**engine, ledger_, job_.shape);
    (*engine)->Settle();
    outcome.reported = ReportedDamage(metrics);
    const auto owner = (*engine)->ForTenant(NumberedTenant(kProbeNumber, job_.shape));
    outcome.writable = columnar::AppendAndWait(*owner, ProbeBatch(job_.shape)).ok();
    return outcome;
  }

  // What is lost with the file as a whole bounds what any damage to it may cost.
  void DamageFile(const fs::path& file) {
    const std::string bytes = ReadWhole(original_ / file);
    MakeCopy(file, {"removed", true, false, {}});
    const std::set<SpanKey> all_in_file = Recover().findings.missing;
    for (const Damage& damage : DamagesOf(bytes)) {
      if (damages_tried_++ % job_.every == job_.first) Try(file, damage, all_in_file);
    }
  }

  void Try(const fs::path& file, const Damage& damage, const std::set<SpanKey>& all_in_file) {
    ++damages_;
    MakeCopy(file, damage);
    const Outcome first = Recover();
    const Outcome second = Recover();
    set_aside_ += second.findings.missing.size();
    const std::string problem = FindProblem(file, damage, first, second, all_in_file);
    if (problem.empty()) return;
    ++failed_;
    fmt::print("FAILED: {}: {}: {}\n", file.string(), damage.what, problem);
  }

  std::string FindProblem(const fs::path& file, const Damage& damage, const Outcome& first,
                          const Outcome& second, const std::set<SpanKey>& all_in_file) const {
    if (!first.opened || !second.opened) return "does not open";
    for (const Outcome* outcome : {&first, &second}) {
      const Findings* const found = &outcome->findings;
      if (!found->is_faithful()) return "not what was sent: " + found->ToString();
      if (!std::includes(all_in_file.begin(), all_in_file.end(), found->missing.begin(),
                         found->missing.end())) {
        return "undamaged spans are gone";
      }
      if (found->overcounted > found->missing.size()) return "counts spans that never were";
      // A row group may be given up after some of its traces were read.
      const bool given_up = outcome->reported > 0 &&
                            found->undercounted + found->missing.size() <= all_in_file.size();
      if (found->undercounted > 0 && !given_up) return "counts less than it gives";
    }
    if (!first.writable || !second.writable) return "takes no spans any more";
    const bool in_log = *file.begin() == "log";
    if (in_log && damage.flips_one_bit &&
        second.findings.missing.size() > job_.shape.span_count()) {
      return "one bit cost more than one request";
    }
    // The end of a log file looks the same whether it was damaged or never written.
    if (!in_log && !first.findings.missing.empty() && first.reported == 0) {
      return "spans are gone and nothing was reported";
    }
    return {};
  }

  const DriverJob job_;
  const Ledger ledger_;
  const fs::path original_;
  DriverJob copy_job_;
  uint64_t damages_tried_ = 0;
  uint64_t damages_ = 0;
  uint64_t recoveries_ = 0;
  uint64_t set_aside_ = 0;
  int failed_ = 0;
};

}  // namespace

int DamageEverything(const DriverJob& job) {
  Ledger ledger;
  if (!ReadLedger(job.ledger, &ledger).ok()) return 1;
  ledger.requests[kProbeNumber] = false;
  return DamageRun(job, std::move(ledger)).Run();
}

}  // namespace spandrel::crash
