// SPDX-License-Identifier: Apache-2.0
#include "exporters/store/store_exporter.h"

#include <utility>

#include "endpoints/tenant.h"
#include "pipeline/extensions.h"
#include "signal/origin.h"

namespace spandrel::exporters {
namespace {

bool NamesTenant(const span::SpanBatch& batch) {
  return batch.origin() != nullptr && !batch.origin()->tenant.empty();
}

base::Result<std::shared_ptr<TraceStore>> FindStore(const pipeline::ComponentContext& context,
                                                    const StoreExporterConfig& config) {
  auto extension = pipeline::FindNamed<TraceStoreExtension>(context, config.store);
  if (!extension.ok()) return extension.status();
  return *extension == nullptr ? config.own_store() : (*extension)->trace_store();
}

}  // namespace

StoreExporter::StoreExporter(const pipeline::ComponentContext& context,
                             std::shared_ptr<TraceStore> store)
    : sent_(context.metrics.AddCounter("otelcol_exporter_sent_spans", {{"exporter", context.id}})),
      failed_(context.metrics.AddCounter("otelcol_exporter_send_failed_spans",
                                         {{"exporter", context.id}})),
      untenanted_(context.metrics.AddCounter("spandrel_exporter_untenanted_spans_total",
                                             {{"exporter", context.id}})),
      store_(std::move(store)) {}

void StoreExporter::Consume(span::SpanBatch&& batch, pipeline::Completion done) {
  const size_t spans = batch.span_count();
  if (store_->by_tenant() && !NamesTenant(batch)) {
    untenanted_.Add(spans);
    failed_.Add(spans);
    return done(endpoints::TenantNeeded());
  }
  store_->store().writer().Append(std::move(batch), [&sent = sent_, &failed = failed_, spans,
                                                     done = std::move(done)](base::Status status) {
    (status.ok() ? sent : failed).Add(spans);
    done(std::move(status));
  });
}

pipeline::ExporterFactory MakeStoreExporterFactory(DecodeStore decode_store) {
  pipeline::ExporterFactory factory;
  factory.info = {"store", {}, "beta", "Writes spans to a trace store of this process."};
  factory.decode = [decode_store = std::move(decode_store)](config::Decoder& decoder) {
    return DecodeStoreExporterConfig(decoder, decode_store);
  };
  factory.create.traces = [](const pipeline::ComponentContext& context,
                             std::shared_ptr<const pipeline::ConfigBase> config)
      -> base::Result<std::unique_ptr<pipeline::Exporter<span::SpanBatch>>> {
    auto store = FindStore(context, static_cast<const StoreExporterConfig&>(*config));
    if (!store.ok()) return store.status().Annotate(context.id);
    return std::unique_ptr<pipeline::Exporter<span::SpanBatch>>(
        std::make_unique<StoreExporter>(context, *std::move(store)));
  };
  return factory;
}

}  // namespace spandrel::exporters
