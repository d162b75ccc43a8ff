// SPDX-License-Identifier: Apache-2.0
#include "exporters/store/store_exporter.h"

namespace spandrel::exporters {

StoreExporter::StoreExporter(const pipeline::ComponentContext& context,
                             std::shared_ptr<const StoreExporterConfig> config,
                             OpenStore open_store)
    : id_(context.id),
      config_(std::move(config)),
      open_store_(std::move(open_store)),
      sent_(context.metrics.AddCounter("otelcol_exporter_sent_spans", "Spans that the peer took.",
                                       {{"exporter", context.id}})),
      failed_(context.metrics.AddCounter("otelcol_exporter_send_failed_spans",
                                         "Spans that the peer did not take.",
                                         {{"exporter", context.id}})) {}

base::Status StoreExporter::Start() {
  auto opened = open_store_(*config_);
  if (!opened.ok()) return opened.status().Annotate(id_);
  writer_ = std::move(*opened);
  return {};
}

void StoreExporter::Consume(span::SpanBatch&& batch, pipeline::Completion done) {
  if (!writer_) return done({base::StatusCode::kUnavailable, id_ + ": the store is not open"});
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
  factory.create = [open_store = std::move(open_store)](
                       const pipeline::ComponentContext& context,
                       std::shared_ptr<const pipeline::ConfigBase> config)
      -> base::Result<std::unique_ptr<pipeline::Exporter>> {
    return std::unique_ptr<pipeline::Exporter>(std::make_unique<StoreExporter>(
        context, std::static_pointer_cast<const StoreExporterConfig>(config), open_store));
  };
  return factory;
}

}  // namespace spandrel::exporters
