// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace spandrel::sdk {

// Puts spandrel/context.h's storage in place of the API's default one. A storage that the
// application has chosen stays.
void InstallContextStorage();

}  // namespace spandrel::sdk
