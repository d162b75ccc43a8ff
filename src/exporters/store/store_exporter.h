// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "exporters/factories.h"
#include "exporters/store/config.h"
#include "pipeline/component.h"

namespace spandrel::exporters {

// Writes batches to a trace store and answers with what the store said: OK means stored. Has no
// queue: what the store has no room for is the sender's to send again. A batch is of the tenant
// that its origin names; a store that keeps tenants apart takes none without.
class StoreExporter final : public pipeline::Exporter<span::SpanBatch> {
 public:
  StoreExporter(const pipeline::ComponentContext& context, std::shared_ptr<TraceStore> store);

  base::Status Start() override { return {}; }
  void Shutdown(std::chrono::steady_clock::time_point) override {}
  void Consume(span::SpanBatch&& batch, pipeline::Completion done) override;

 private:
  base::Counter& sent_;
  base::Counter& failed_;
  base::Counter& untenanted_;
  const std::shared_ptr<TraceStore> store_;
};

}  // namespace spandrel::exporters
