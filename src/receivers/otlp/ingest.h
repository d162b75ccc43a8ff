// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/byte_budget.h"
#include "base/intake_gate.h"
#include "base/metrics.h"
#include "base/status.h"
#include "pipeline/component.h"
#include "pipeline/outputs.h"
#include "receivers/otlp/tenant_rates.h"
#include "signal/batch.h"
#include "wire/otlp/otlp.h"

namespace spandrel::receivers {

// What became of an export request, for either transport to put into its own words. An UNAVAILABLE
// status always says when to come back.
struct IngestOutcome {
  base::Status status;
  wire::PartialSuccess partial;  // when OK: items that nobody will ever take
};
using IngestCallback = std::function<void(IngestOutcome)>;

// An export request of a signal, decompressed.
struct ExportRequest {
  std::string body;
  bool is_json = false;
  base::ByteBudget::Reservation reservation;
  signal::SharedOrigin origin;
};

// The part of the OTLP receiver that knows no transport, of one signal: decodes a request, hands
// its batch on and counts both. Stateless but for its counters; any thread.
class Ingest {
 public:
  virtual ~Ingest() = default;

  virtual signal::Signal signal() const = 0;
  // Whether a pipeline takes the signal.
  virtual bool is_connected() const = 0;
  // Calls `done` exactly once, perhaps before it returns, on any thread. A request that is not
  // well-formed is refused as a whole; spans with bad ids are left out and reported.
  virtual void Take(ExportRequest request, IngestCallback done) const = 0;

  // Counts a request whose items nobody saw, by the reason in `status`, and returns `status` as the
  // sender should see it.
  virtual base::Status RefuseRequest(base::Status status) const = 0;
};

// What exports of a signal are to the gate: only spans come to stores.
base::IntakeGate::Work IntakeWork(signal::Signal signal);

// `transport` is the label of the counters: "grpc" or "http". `rates`, null for none, says who has
// sent enough; `intake`, null for none, whether anything is taken in.
std::shared_ptr<const Ingest> MakeIngest(const pipeline::ComponentContext& context,
                                         std::string_view transport, signal::Signal signal,
                                         const pipeline::Outputs& outputs,
                                         std::shared_ptr<TenantRates> rates = nullptr,
                                         base::IntakeGate* intake = nullptr);

}  // namespace spandrel::receivers
