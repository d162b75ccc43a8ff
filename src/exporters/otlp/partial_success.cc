// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp/partial_success.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/log.h"
#include "base/mutex.h"

namespace spandrel::exporters {
namespace {

// More than a request of 4 GiB can have; who claims more is not believed.
constexpr int64_t kMostItems = std::numeric_limits<uint32_t>::max();

}  // namespace

PartialSuccessReport::PartialSuccessReport(const pipeline::ComponentContext& context,
                                           signal::Signal signal, const base::Clock& clock)
    : id_(context.id),
      signal_(signal),
      clock_(clock),
      rejected_(context.metrics.AddCounter(
          fmt::format("spandrel_exporter_rejected_{}_total", signal::ItemsName(signal)),
          {{"exporter", context.id}})) {}

void PartialSuccessReport::Add(const wire::PartialSuccess& partial) {
  if (partial.rejected_items <= 0 && partial.error_message.empty()) return;
  const int64_t rejected = std::clamp<int64_t>(partial.rejected_items, 0, kMostItems);
  rejected_.Add(static_cast<uint64_t>(rejected));

  base::MutexLock lock(mutex_);
  rejected_since_ += rejected;
  const auto now = clock_.NowSteady();
  if (last_line_ && now - *last_line_ < kBetweenLines) return;
  base::LogWarn("{}: the peer took a request but rejected {} {}: {}", id_, rejected_since_,
                signal::ItemsWords(signal_), partial.error_message);
  last_line_ = now;
  rejected_since_ = 0;
  ++lines_;
}

uint64_t PartialSuccessReport::lines() const {
  base::MutexLock lock(mutex_);
  return lines_;
}

}  // namespace spandrel::exporters
