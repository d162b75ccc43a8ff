// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "opentelemetry/trace/tracer_provider.h"
#include "sdk/provider/process_hooks.h"

namespace spandrel::sdk {

namespace trace_api = opentelemetry::trace;

class ProviderCore;

// What Init puts into the API's slot, from where threads copy it for every request. Counting these
// copies would make each of them write to one cache line, and nearly trebles what one takes. So
// they are not counted, and the object lives as long as the process: 32 bytes for each Init. It has
// no part in the core's life: while the core's owner is there it asks the core, and afterwards its
// tracers record nothing. Thread-safe.
class GlobalProvider final : public trace_api::TracerProvider {
 public:
  // A new one in the API's slot.
  static GlobalProvider& Install(ProviderCore& core);
  // Before the core is given up. What is in the API's slot records nothing then, unless somebody
  // else has put something there.
  void Detach();

#if OPENTELEMETRY_ABI_VERSION_NO >= 2
  opentelemetry::nostd::shared_ptr<trace_api::Tracer> GetTracer(
      opentelemetry::nostd::string_view name, opentelemetry::nostd::string_view version,
      opentelemetry::nostd::string_view schema_url,
      const opentelemetry::common::KeyValueIterable* attributes) noexcept override;
#else
  opentelemetry::nostd::shared_ptr<trace_api::Tracer> GetTracer(
      opentelemetry::nostd::string_view name, opentelemetry::nostd::string_view version,
      opentelemetry::nostd::string_view schema_url) noexcept override;
#endif

 private:
  GlobalProvider(ProviderCore& core, const GlobalProvider* older) : core_(&core), older_(older) {}

  // A handle of the core, or a provider that records nothing.
  opentelemetry::nostd::shared_ptr<trace_api::TracerProvider> Current();

  static const GlobalProvider* newest_ SPANDREL_GUARDED_BY(ProcessHooksMutex());

  ProviderCore* core_ SPANDREL_GUARDED_BY(ProcessHooksMutex());  // null: detached
  // The one before, so that none counts as leaked.
  [[maybe_unused]] const GlobalProvider* const older_;
};

}  // namespace spandrel::sdk
