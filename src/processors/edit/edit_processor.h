// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "base/byte_budget.h"
#include "base/metrics.h"
#include "pipeline/component.h"
#include "signal/batch.h"
#include "signal/origin.h"
#include "span/edit/request_edit.h"
#include "span/span_batch.h"

namespace spandrel::processors {

// The edit of one batch; `origin`, where it came from, may be null and outlives the edit.
using MakeEdit =
    std::function<std::unique_ptr<const span::RequestEdit>(const signal::Origin* origin)>;

// Hands every batch on with what an edit makes of it, on the caller's thread. Batches that lose all
// of their records are accepted and go nowhere. Owns no thread and holds nothing.
template <typename Batch>
class EditProcessor final : public pipeline::Processor<Batch> {
 public:
  EditProcessor(const pipeline::ComponentContext& context, MakeEdit make_edit,
                pipeline::ConsumerPtr<Batch> next);

  base::Status Start() override { return {}; }
  void Shutdown(std::chrono::steady_clock::time_point) override {}
  void Consume(Batch&& batch, pipeline::Completion done) override;
  bool AnswersFromMemory() const override { return next_->AnswersFromMemory(); }

 private:
  const MakeEdit make_edit_;
  const pipeline::ConsumerPtr<Batch> next_;
  base::ByteBudget& memory_;
  base::Counter& refused_records_;
  base::Counter& refused_groups_;
  base::Counter& delayed_batches_;
};

// Counts what a `convert` action could not convert.
base::Counter& UnconvertedCounter(const pipeline::ComponentContext& context);

}  // namespace spandrel::processors
