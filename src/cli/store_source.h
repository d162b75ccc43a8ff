// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>

#include "base/byte_budget.h"
#include "base/metrics.h"
#include "base/status.h"
#include "cli/options.h"
#include "cli/source.h"
#include "columnar/engine.h"
#include "store_tool/terminal.h"

namespace spandrel::cli {

// The data directory of a server that does not run, opened to be read only.
class StoreSource final : public Source {
 public:
  // FAILED_PRECONDITION and the like when the directory cannot be opened, or holds nothing of the
  // tenant. `interrupts` outlives it.
  static base::Result<std::unique_ptr<StoreSource>> Open(const CommandOptions& options,
                                                         const store_tool::Interrupts& interrupts);
  ~StoreSource() override;

  base::Result<SearchAnswer> Search(const SearchQuestion& question) override;
  base::Result<SeriesAnswer> Series(const SeriesQuestion& question) override;
  base::Result<span::SpanBatch> Trace(const span::TraceId& id) override;
  uint64_t unreadable_spans() const override { return unreadable_spans_; }

 private:
  explicit StoreSource(const store_tool::Interrupts& interrupts) : interrupts_(interrupts) {}
  // `ask(context)` with a context that ends by time and signals, and shows progress.
  template <typename Ask>
  auto WithContext(Ask&& ask);

  // What a question may hold; spans that are handed over, too: they do not outlive this.
  static constexpr size_t kMemoryBytes = size_t{2} << 30;

  const store_tool::Interrupts& interrupts_;
  std::chrono::nanoseconds timeout_{0};
  bool exact_names_ = false;
  uint64_t unreadable_spans_ = 0;
  base::ByteBudget memory_{kMemoryBytes};
  base::MetricRegistry metrics_;
  std::unique_ptr<columnar::Engine> store_;
  std::unique_ptr<columnar::Engine> tenant_;
};

}  // namespace spandrel::cli
