// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace spandrel::sdk {

class ProviderCore;

// From now on the core is told about forks, and shut down within a second when the process exits
// without having done so.
void RegisterForProcessHooks(ProviderCore* core);

}  // namespace spandrel::sdk
