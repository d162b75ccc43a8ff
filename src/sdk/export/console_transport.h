// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <memory>

#include "sdk/export/transport.h"

namespace spandrel::sdk {

// ExportOptions::Protocol::kConsole: writes each request to `out` as one line of OTLP/JSON, on the
// exporter's thread, which waits while `out` takes nothing.
std::unique_ptr<Transport> MakeConsoleTransport(FILE* out);

}  // namespace spandrel::sdk
