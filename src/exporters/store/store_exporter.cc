// SPDX-License-Identifier: Apache-2.0
#include "exporters/store/store_exporter.h"

namespace spandrel::exporters {

StoreExporter::StoreExporter(const pipeline::ComponentContext& context,
                             std::shared_ptr<storage::Writer> writer)
    : sent_(context.metrics.AddCounter("otelcol_exporter_sent_spans", {{"exporter", context.id}})),
      failed_(context.metrics.AddCounter("otelcol_exporter_send_failed_spans",
                                         {{"exporter", context.id}})),
      writer_(std::move(writer)) {}

void StoreExporter::Consume(span::SpanBatch&& batch, pipeline::Completion done) {
  const size_t spans = batch.span_count();
  writer_->Append(std::move(batch), [&sent = sent_, &failed = failed_, spans,
                                     done = std::move(done)](base::Status status) {
    (status.ok() ? sent : failed).Add(spans);
    done(std::move(status));
  });
}

pipeline::ExporterFactory MakeStoreExporterFactory(OpenStore open_store) {
  pipeline::ExporterFactory factory;
  factory.info = {"store", {}, "beta", "Writes spans to the trace store of this process."};
  factory.decode = DecodeStoreExporterConfig;
  factory.create.traces = [open_store = std::move(open_store)](
                              const pipeline::ComponentContext& context,
                              std::shared_ptr<const pipeline::ConfigBase> config)
      -> base::Result<std::unique_ptr<pipeline::Exporter<span::SpanBatch>>> {
    auto writer = open_store(static_cast<const StoreExporterConfig&>(*config));
    if (!writer.ok()) return writer.status().Annotate(context.id);
    return std::unique_ptr<pipeline::Exporter<span::SpanBatch>>(
        std::make_unique<StoreExporter>(context, *std::move(writer)));
  };
  return factory;
}

}  // namespace spandrel::exporters
