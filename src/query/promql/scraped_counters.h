// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "query/promql/counts.h"
#include "query/promql/values.h"
#include "storage/query_context.h"
#include "storage/reader.h"

namespace spandrel::query {

// The same counters as text for a Prometheus that scrapes them. They count spans that begin after a
// moment, the start of the process, so that they begin at zero as Prometheus expects it, and never
// fall: what began kSettled ago is counted once and kept as numbers, so a scrape reads the last
// minutes only, and spans that expire stay counted. A span that comes later than kSettled after it
// began may not be. Of each set of tenants by itself. Thread-safe.
class ScrapedCounters {
 public:
  static constexpr uint64_t kSettled = 300'000'000'000;    // nanoseconds
  static constexpr uint64_t kSettleStep = 60'000'000'000;  // that are counted at once at least
  static constexpr size_t kMaxGroups = 10'000;             // sets of labels in a scrape
  // Of all that is kept; those that were scraped last stay.
  static constexpr size_t kMaxKeptGroups = 50'000;
  static constexpr size_t kMaxKept = 256;

  explicit ScrapedCounters(uint64_t since_unix_nano) : since_unix_nano_(since_unix_nano) {}

  // Hands the text to `write`, in pieces. RESOURCE_EXHAUSTED, before anything is written, for more
  // than kMaxGroups.
  base::Status Render(const storage::QueryContext& context, storage::Reader& reader,
                      uint64_t now_unix_nano,
                      const std::function<base::Status(std::string_view)>& write);

 private:
  using Counts = std::map<PromLabels, TimedCounts>;
  // By family.
  using Families = std::array<Counts, 2>;
  struct Kept {
    uint64_t until_unix_nano = 0;  // included
    std::shared_ptr<const Families> families = std::make_shared<const Families>();
    uint64_t last_scrape = 0;  // a number that grows
    size_t size() const { return (*families)[0].size() + (*families)[1].size(); }
  };

  static base::Status Add(const storage::QueryContext& context, storage::Reader& reader,
                          uint64_t after, uint64_t until, Families* families);
  Kept Find(const std::string& tenants);
  // Unless somebody else was there before.
  void Keep(const std::string& tenants, const Kept& before, Kept after);
  void DropOldest() SPANDREL_REQUIRES(mutex_);

  const uint64_t since_unix_nano_;
  base::Mutex mutex_;
  std::map<std::string, Kept> kept_ SPANDREL_GUARDED_BY(mutex_);  // by tenants
  uint64_t scrapes_ SPANDREL_GUARDED_BY(mutex_) = 0;
};

}  // namespace spandrel::query
