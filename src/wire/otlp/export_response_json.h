// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/status.h"
#include "wire/otlp/otlp.h"

namespace spandrel::wire {

// Reads what EncodeExportResponseJson writes, as a client of an OTLP/JSON server does. An empty
// body is full success; INVALID_ARGUMENT for what is not a JSON object.
base::Result<PartialSuccess> DecodeExportResponseJson(std::string_view response);

}  // namespace spandrel::wire
