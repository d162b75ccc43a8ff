// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "config/reference.h"
#include "pipeline/component.h"

namespace spandrel::pipeline {

// The extensions that run, by id, for components that name one in their configuration. Filled by
// the graph before other components are made; immutable then.
class Extensions {
 public:
  void Add(std::string id, std::shared_ptr<Extension> extension) {
    extensions_.insert_or_assign(std::move(id), std::move(extension));
  }

  // Null when there is none of that id.
  std::shared_ptr<Extension> Find(std::string_view id) const {
    const auto found = extensions_.find(id);
    return found == extensions_.end() ? nullptr : found->second;
  }

 private:
  std::map<std::string, std::shared_ptr<Extension>, std::less<>> extensions_;
};

// The error of a use that cannot be met: "c.yaml:3:5: exporters::otlp::auth: ...".
base::Status UnmetUse(const ExtensionUse& use, std::string_view why);

// The extension that a configuration names, as the interface `T` that it implements. `T` has a
// `kInterfaceName` for messages ("server authenticator"), which use.interface_name repeats, so that
// a file that names a wrong one is refused when it is read. FAILED_PRECONDITION, with the place,
// when the extension does not run or is something else. Call it when the component is made.
template <typename T>
base::Result<std::shared_ptr<T>> FindExtension(const ComponentContext& context,
                                               const ExtensionUse& use) {
  const auto extension = context.extensions == nullptr ? nullptr : context.extensions->Find(use.id);
  if (extension == nullptr) return UnmetUse(use, "does not run");
  auto found = std::dynamic_pointer_cast<T>(extension);
  if (found == nullptr) return UnmetUse(use, std::string("is not a ") + T::kInterfaceName.data());
  return found;
}

// The use of the extension that `name` names, as `T`.
template <typename T>
ExtensionUse UseAs(const config::Reference& name) {
  return {name.id, T::kInterfaceName, name.where, name.path};
}

// FindExtension for a name that need not be there: null without one.
template <typename T>
base::Result<std::shared_ptr<T>> FindNamed(const ComponentContext& context,
                                           const config::Reference& name) {
  if (name.id.empty()) return std::shared_ptr<T>();
  return FindExtension<T>(context, UseAs<T>(name));
}

}  // namespace spandrel::pipeline
