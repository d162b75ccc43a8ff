// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_budget.h"
#include "base/health.h"
#include "base/intake_gate.h"
#include "base/metrics.h"
#include "base/status.h"
#include "storage/reader.h"
#include "storage/writer.h"

// The contract of a trace store: all that the write half and the read half of Spandrel know of one
// another. Engines live in modules of their own; tests/conformance runs on each of them.
namespace spandrel::storage {

// One of the figures that only this engine has.
struct StoreFigure {
  std::string name;
  std::string help;
  uint64_t value = 0;
};

// How a store is doing, for metrics and the page.
struct StoreStats {
  uint64_t spans = 0;
  uint64_t unsettled_spans = 0;  // of these, spans that are not yet in the form of old data
  uint64_t disk_bytes = 0;
  uint64_t memory_bytes = 0;
  // Starts among the settled spans; nothing when there are none.
  std::optional<uint64_t> oldest_start_unix_nano;
  std::optional<uint64_t> newest_start_unix_nano;
  std::vector<StoreFigure> figures;  // the engine's own, always the same ones in the same order

  // The value of one of the figures; nothing when the engine has no such figure.
  std::optional<uint64_t> Figure(std::string_view name) const {
    for (const StoreFigure& figure : figures) {
      if (figure.name == name) return figure.value;
    }
    return std::nullopt;
  }
};

// A store that is open. Its destruction closes it. Thread-safe.
class Store {
 public:
  virtual ~Store() = default;

  virtual Writer& writer() = 0;
  virtual Reader& reader() = 0;
  virtual StoreStats Stats() const = 0;
  // Whether it would take a batch now, and why not. Quick.
  virtual base::Health Health() const { return {}; }

  // Brings what was appended into the form of old data (sealed, merged) and waits for it; what time
  // and load would bring about anyway.
  virtual void Settle() = 0;
  // The process is short of memory: gives back what was only kept for questions to come. Any
  // thread.
  virtual void ReleaseMemory() {}
  // Completes what was appended and lets go of files and connections. Later appends are refused;
  // reads may go on or fail with UNAVAILABLE. May be called more than once.
  virtual void Close() = 0;
};

// How an engine is known to configurations and reference pages.
struct EngineInfo {
  std::string_view name;
  std::string_view help;
};

// What a store may take of the process's memory, for all stores together. Null and 0: the engine
// decides by itself. The budgets outlive the store.
struct StoreMemory {
  // Spans that are not in the form of old data yet, whole.
  base::ByteBudget* heads = nullptr;
  // What the bytes of spans are reserved from before they come here. What a store keeps of them
  // beside these bytes is counted there too.
  base::ByteBudget* requests = nullptr;
  // What stays open of old data for questions to come.
  base::ByteBudget* open_parts = nullptr;
  // For bringing spans into the form of old data, about.
  size_t background_bytes = 0;
};

// What a store gets from the process that opens it. `metrics` and `intake` outlive the store.
struct StoreResources {
  StoreResources(base::MetricRegistry& metrics, StoreMemory memory = {},  // NOLINT: also by itself
                 base::IntakeGate* intake = nullptr)
      : metrics(metrics), memory(memory), intake(intake) {}

  base::MetricRegistry& metrics;
  StoreMemory memory;
  base::IntakeGate* intake;  // is told when what came now would be stored late; may be null
};

// Opens a store with options that were decoded before. May be called once.
using StoreOpener =
    std::function<base::Result<std::unique_ptr<Store>>(const StoreResources& resources)>;

// An engine, as a list of engines holds it. `Section` is what options are decoded from: this module
// knows neither configuration files nor any engine's options, so the engine's folder decodes its
// own and binds them to the way to open it. INVALID_ARGUMENT when they make no sense.
template <typename Section>
struct EngineFactory {
  EngineInfo info;
  base::Result<StoreOpener> (*decode)(const Section& section);
};

}  // namespace spandrel::storage
