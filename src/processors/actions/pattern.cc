// SPDX-License-Identifier: Apache-2.0
#include "processors/actions/pattern.h"

#include <fmt/format.h>

namespace spandrel::processors {

std::shared_ptr<const re2::RE2> CompilePattern(config::Decoder& decoder, std::string_view key,
                                               const std::string& pattern) {
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_max_mem(8 << 20);
  auto compiled = std::make_shared<const re2::RE2>(pattern, options);
  if (compiled->ok()) return compiled;
  decoder.Error(key, fmt::format("regular expression: {}", compiled->error()));
  return nullptr;
}

}  // namespace spandrel::processors
