// SPDX-License-Identifier: Apache-2.0
#include "sdk/provider/global_provider.h"

#include <memory>

#include "opentelemetry/trace/provider.h"
#include "sdk/provider/pass_through.h"
#include "sdk/provider/process_hooks.h"
#include "sdk/provider/provider_core.h"

namespace spandrel::sdk {
namespace {

namespace nostd = opentelemetry::nostd;

using ProviderHandle = nostd::shared_ptr<trace_api::TracerProvider>;

}  // namespace

constinit const GlobalProvider* GlobalProvider::newest_ = nullptr;

GlobalProvider& GlobalProvider::Install(ProviderCore& core) {
  GlobalProvider* provider = nullptr;
  {
    base::MutexLock lock(ProcessHooksMutex());
    newest_ = provider = new GlobalProvider(core, newest_);
  }
  trace_api::Provider::SetTracerProvider(
      std::shared_ptr<trace_api::TracerProvider>(std::shared_ptr<void>(), provider));
  return *provider;
}

void GlobalProvider::Detach() {
  if (trace_api::Provider::GetTracerProvider().get() == this) {
    trace_api::Provider::SetTracerProvider(PassThroughProvider());
  }
  base::MutexLock lock(ProcessHooksMutex());
  core_ = nullptr;
}

ProviderHandle GlobalProvider::Current() {
  base::MutexLock lock(ProcessHooksMutex());
  return core_ == nullptr ? PassThroughProvider() : core_->NewHandle();
}

#if OPENTELEMETRY_ABI_VERSION_NO >= 2
nostd::shared_ptr<trace_api::Tracer> GlobalProvider::GetTracer(
    nostd::string_view name, nostd::string_view version, nostd::string_view schema_url,
    const opentelemetry::common::KeyValueIterable* attributes) noexcept {
  return Current()->GetTracer(name, version, schema_url, attributes);
}
#else
nostd::shared_ptr<trace_api::Tracer> GlobalProvider::GetTracer(
    nostd::string_view name, nostd::string_view version, nostd::string_view schema_url) noexcept {
  return Current()->GetTracer(name, version, schema_url);
}
#endif

}  // namespace spandrel::sdk
