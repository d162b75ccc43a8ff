// SPDX-License-Identifier: Apache-2.0
#include "journal/log_options.h"

#include <fmt/format.h>

namespace spandrel::journal {

std::string LogPaths::File(uint64_t number) const {
  return fmt::format("{}/{:010}.log", folder, number);
}

std::string LogPaths::SpareFile(uint64_t number) const {
  return fmt::format("{}/{:010}.{}", folder, number, kSpareLogExtension);
}

}  // namespace spandrel::journal
