// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>

namespace spandrel::sdk {

class ProviderCore;

// From now on the core is told about forks, and shut down within a second when the process exits
// without having done so. When many cores that were given up have gathered, those that nobody needs
// any more are destroyed.
void RegisterForProcessHooks(ProviderCore* core);

// Guards the list of cores. Held around fork, so that a child finds it free.
std::mutex& ProcessHooksMutex();

// Whether the process has begun to exit: destructors of statics may have taken handles from threads
// that still use what they stood for.
bool ProcessExits();

}  // namespace spandrel::sdk
