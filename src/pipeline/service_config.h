// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "config/decode.h"
#include "config/document.h"
#include "config/load.h"
#include "pipeline/factories.h"
#include "pipeline/service.h"

namespace spandrel::pipeline {

using LoadResult = base::Result<ServiceConfig>;

// Checks a document against what `factories` can make and decodes every component. All problems are
// reported, in the order of the files; an error status when one is not a warning.
LoadResult ReadServiceConfig(config::Document document, const Factories& factories,
                             config::Problems* problems);

// Loads the sources (config::Load), then reads them as above.
LoadResult Load(const std::vector<config::Source>& sources, const std::vector<std::string>& sets,
                const Factories& factories, config::Problems* problems);
LoadResult Load(const std::vector<std::string>& config_uris, const std::vector<std::string>& sets,
                const Factories& factories, config::Problems* problems);

}  // namespace spandrel::pipeline
