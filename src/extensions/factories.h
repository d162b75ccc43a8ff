// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/socket/io_runtime.h"
#include "pipeline/factories.h"

// All extensions there are, but for `query`, which is the server's own. `runtime` outlives what
// they make.
namespace spandrel::extensions {

pipeline::ExtensionFactory MakeBasicAuthFactory();                    // basicauth
pipeline::ExtensionFactory MakeBearerTokenAuthFactory();              // bearertokenauth
pipeline::ExtensionFactory MakeOidcFactory(net::IoRuntime& runtime);  // oidc

}  // namespace spandrel::extensions
