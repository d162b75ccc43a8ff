// SPDX-License-Identifier: Apache-2.0
#include "columnar/background/scrub.h"

#include <algorithm>
#include <random>

namespace spandrel::columnar {
namespace {

constexpr std::chrono::hours kBetweenRounds{24};
constexpr size_t kPagesAtOnce = 64;

std::vector<uint64_t> InRandomRotation(const std::vector<PartPtr>& parts) {
  std::vector<uint64_t> numbers;
  numbers.reserve(parts.size());
  for (const PartPtr& part : parts) numbers.push_back(part->number());
  std::random_device random;
  std::rotate(numbers.begin(), numbers.begin() + static_cast<ptrdiff_t>(random() % numbers.size()),
              numbers.end());
  return numbers;
}

}  // namespace

Scrub::Scrub(base::MetricRegistry& metrics)
    : scrubbed_(metrics.AddCounter("spandrel_store_scrubbed_bytes_total")) {}

void Scrub::Run(const std::vector<PartPtr>& parts, TimePoint now, uint64_t* budget) {
  if (left_.empty() && !parts.empty() && (!next_round_ || now >= *next_round_)) {
    left_ = InRandomRotation(parts);
    next_round_ = now + kBetweenRounds;
  }
  while (!left_.empty() && *budget > 0) {
    const auto found = std::find_if(parts.begin(), parts.end(), [this](const PartPtr& part) {
      return part->number() == left_.back();
    });
    if (found != parts.end() && !Finish(**found, budget)) return;
    left_.pop_back();
    next_page_ = 0;
  }
}

bool Scrub::Finish(const Part& part, uint64_t* budget) {
  bool is_damaged = part.footer().version == kPartVersionWithoutGuard;
  if (is_damaged) Spend(part.file_size(), budget);
  while (true) {
    const auto checked = part.file().CheckPages(next_page_, kPagesAtOnce);
    is_damaged |= checked.is_damaged;
    next_page_ += checked.looked_at;
    Spend(checked.looked_at * kGuardPageBytes, budget);
    if (checked.looked_at == 0 || *budget == 0) {
      if (is_damaged) part.CheckSections();
      part.ReleasePages();
      return checked.looked_at == 0;
    }
  }
}

void Scrub::Spend(uint64_t bytes, uint64_t* budget) {
  scrubbed_.Add(bytes);
  *budget -= std::min(*budget, bytes);
}

}  // namespace spandrel::columnar
