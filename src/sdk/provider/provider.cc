// SPDX-License-Identifier: Apache-2.0
#include "opentelemetry/trace/provider.h"

#include <memory>
#include <utility>

#include "sdk/process/api_pins.h"
#include "sdk/process/context_storage.h"
#include "sdk/propagation/propagator.h"
#include "sdk/provider/global_provider.h"
#include "sdk/provider/pass_through.h"
#include "sdk/provider/process_hooks.h"
#include "sdk/provider/provider_core.h"
#include "spandrel/sdk.h"

namespace spandrel::sdk {
namespace {

namespace nostd = opentelemetry::nostd;

using ApiProvider = nostd::shared_ptr<trace_api::TracerProvider>;

}  // namespace

Provider& Provider::operator=(Provider&& other) noexcept {
  std::swap(core_, other.core_);
  std::swap(global_, other.global_);
  return *this;
}

Provider::~Provider() {
  if (core_ == nullptr) return;
  (void)Shutdown(core_->options().shutdown_timeout);
  if (global_ != nullptr) global_->Detach();
  core_->GiveUp();
}

ApiProvider Provider::tracer_provider() const {
  return core_ == nullptr ? PassThroughProvider() : core_->NewHandle();
}

bool Provider::ForceFlush(Milliseconds timeout) {
  return core_ == nullptr || core_->ForceFlush(timeout);
}

bool Provider::Shutdown(Milliseconds timeout) {
  return core_ == nullptr || core_->Shutdown(timeout);
}

Stats Provider::stats() const {
  return core_ == nullptr ? Stats{} : core_->stats();
}

Provider MakeProvider(Options options) {
  if (options.disabled) return Provider();
  return Provider(&MakeProviderCore(std::move(options)), nullptr);
}

Provider Init(std::string_view service_name) {
  return Init(OptionsFromEnvironment(service_name));
}

Provider Init(Options options) {
  InstallContextStorage();
  InstallPropagators();
  KeepApiUsableAtExit();
  if (options.disabled) {
    trace_api::Provider::SetTracerProvider(PassThroughProvider());
    return Provider();
  }
  ProviderCore& core = MakeProviderCore(std::move(options));
  return Provider(&core, &GlobalProvider::Install(core));
}

}  // namespace spandrel::sdk
