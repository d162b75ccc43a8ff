// SPDX-License-Identifier: Apache-2.0
#include "processors/edit/edit_processor.h"

#include <utility>

#include "signal/edit/record_editor.h"
#include "span/edit/span_editor.h"

namespace spandrel::processors {
namespace {

base::Counter& RefusedCounter(const pipeline::ComponentContext& context, std::string_view what) {
  return context.metrics.AddCounter("spandrel_processor_refused_edits_total",
                                    {{"processor", context.id}, {"of", std::string(what)}});
}

auto Edit(const span::SpanBatch& batch, const span::RequestEdit& edit, base::ByteBudget& memory) {
  return span::EditSpans(batch, edit, memory);
}
template <signal::Signal kSignal>
auto Edit(const signal::RecordBatch<kSignal>& batch, const span::RequestEdit& edit,
          base::ByteBudget& memory) {
  return signal::EditRecords(batch, edit, memory);
}

}  // namespace

template <typename Batch>
EditProcessor<Batch>::EditProcessor(const pipeline::ComponentContext& context, MakeEdit make_edit,
                                    pipeline::ConsumerPtr<Batch> next)
    : make_edit_(std::move(make_edit)),
      next_(std::move(next)),
      memory_(context.memory),
      refused_records_(RefusedCounter(context, "record")),
      refused_groups_(RefusedCounter(context, "group")),
      delayed_batches_(context.metrics.AddCounter("spandrel_processor_delayed_batches_total",
                                                  {{"processor", context.id}})) {}

template <typename Batch>
void EditProcessor<Batch>::Consume(Batch&& batch, pipeline::Completion done) {
  auto edited = Edit(batch, *make_edit_(batch.origin().get()), memory_);
  if (!edited.ok()) {
    delayed_batches_.Add();
    return done(edited.status());
  }
  batch = Batch();
  refused_records_.Add(edited->counts.refused_records);
  refused_groups_.Add(edited->counts.refused_groups);
  if (edited->batch.empty()) return done({});
  next_->Consume(std::move(edited->batch), std::move(done));
}

template class EditProcessor<span::SpanBatch>;
template class EditProcessor<signal::MetricBatch>;
template class EditProcessor<signal::LogBatch>;

base::Counter& UnconvertedCounter(const pipeline::ComponentContext& context) {
  return context.metrics.AddCounter("spandrel_processor_unconverted_attributes_total",
                                    {{"processor", context.id}});
}

}  // namespace spandrel::processors
