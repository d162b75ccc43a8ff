// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "sdk/export/transport.h"

namespace spandrel::sdk {

// Hands requests to a sink on a thread of its own, one after another. A sink that hangs does not
// hold up the destructor: the thread is then left behind, and the sink lives until it returns.
std::unique_ptr<Transport> MakeSinkTransport(std::shared_ptr<RequestSink> sink);

}  // namespace spandrel::sdk
