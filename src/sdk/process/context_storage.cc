// SPDX-License-Identifier: Apache-2.0
#include "sdk/process/context_storage.h"

#include <typeinfo>

#include "spandrel/context.h"

namespace spandrel::sdk {

void InstallContextStorage() {
  namespace api = opentelemetry::context;
  const auto storage = api::RuntimeContext::GetConstRuntimeContextStorage();
  const api::RuntimeContextStorage& present = *storage;
  if (typeid(present) == typeid(api::ThreadLocalContextStorage)) context::Install();
}

}  // namespace spandrel::sdk
