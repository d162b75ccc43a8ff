// SPDX-License-Identifier: Apache-2.0
#include "pipeline/extensions.h"

#include <fmt/format.h>

#include "config/words.h"

namespace spandrel::pipeline {

base::Status UnmetUse(const ExtensionUse& use, std::string_view why) {
  return {base::StatusCode::kFailedPrecondition,
          fmt::format("{}: {}: extension {} {}", use.where.ToString(), use.path,
                      config::Quote(use.id), why)};
}

}  // namespace spandrel::pipeline
