// SPDX-License-Identifier: Apache-2.0
#include "base/canonical_path.h"

#include <filesystem>

namespace spandrel::base {

std::string CanonicalPath(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  if (error) return path;
  const fs::path canonical = fs::weakly_canonical(absolute, error);
  if (error) return path;
  return canonical.has_filename() ? canonical : canonical.parent_path();
}

}  // namespace spandrel::base
