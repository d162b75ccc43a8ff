// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/mutex.h"
#include "sdk/export/transport.h"
#include "spandrel/sdk.h"

namespace spandrel::sdk {

class ProviderCore;

// A new core that is told about forks, and shut down within a second when the process exits without
// having done so. The caller owns it until it gives it up, and may keep it for ever. When many
// cores that were given up have gathered, those that nobody needs any more are destroyed.
ProviderCore& MakeProviderCore(Options options, TransportFactory connect = MakeOtlpTransport);

// Guards the list of cores. Held around fork, so that a child finds it free.
base::Mutex& ProcessHooksMutex();

}  // namespace spandrel::sdk
