// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <string>
#include <vector>

#include "store_tool/store_command.h"
#include "store_tool/store_facts.h"

namespace spandrel::store_tool {
namespace {

// The default tenant is always among them, first.
std::string NamedTenants(const std::vector<std::string>& tenants) {
  const size_t named = tenants.size() - 1;
  if (named == 0) return "";
  return fmt::format(", of {} tenants with a name too", WithCommas(named));
}

int VerifyOnce(columnar::Engine& store, const Interrupts& interrupts) {
  ProgressLine line("verify");
  const uint64_t total = store.Stats().spans;
  const columnar::VerifyReport report = store.Verify([&](uint64_t spans) {
    line.ShowSpans(spans, total);
    return !interrupts.came();
  });
  line.Clear();
  for (const disk::Damage& damage : report.damage) {
    const bool says_file = damage.what.starts_with(damage.file);
    fmt::print("damaged: {}\n", says_file ? damage.what : damage.file + ": " + damage.what);
  }
  fmt::print("{} spans in {} parts and the log read{}\n", WithCommas(report.spans), report.parts,
             NamedTenants(store.Tenants()));
  if (report.unreadable_spans > 0) {
    fmt::print("{} more spans cannot be read\n", WithCommas(report.unreadable_spans));
  }
  if (const uint64_t files = QuarantinedFiles(store); files > 0) {
    fmt::print("{} in quarantine from before; answers may lack what was in them\n",
               files == 1 ? "1 file is" : WithCommas(files) + " files are");
  }
  if (!report.complete) {
    fmt::print(stderr, "spandrel: interrupted before all was read\n");
    return kInterruptedStatus;
  }
  fmt::print("{}\n", report.damage.empty() ? "nothing is damaged"
                                           : fmt::format("{} damaged", report.damage.size()));
  return report.damage.empty() ? 0 : 1;
}

}  // namespace

int VerifyStore(columnar::Engine& store, const StoreCommandOptions& options,
                const Interrupts& interrupts) {
  const int status = VerifyOnce(store, interrupts);
  if (!options.repair || status != 1) return status;
  store.Repair();  // writes back what was mended, and sets aside what cannot be read
  fmt::print("after the repair:\n");
  return VerifyOnce(store, interrupts);
}

}  // namespace spandrel::store_tool
