// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/status.h"
#include "cli/source.h"

// What a server answers by Tempo's API, as JSON. DATA_LOSS when it is something else. Numbers may
// be numbers or text, unknown members are ignored, and those that are missing are empty.
namespace spandrel::cli {

base::Result<SearchAnswer> ParseSearchAnswer(std::string_view json);
base::Result<SeriesAnswer> ParseSeriesAnswer(std::string_view json);

}  // namespace spandrel::cli
