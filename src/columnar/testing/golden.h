// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace spandrel::columnar {

inline std::string ReadWholeFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// Files as released versions write them, in tests/data/store: every later version reads them.
inline std::string GoldenPath(const std::string& name) {
  return std::string(SPANDREL_SOURCE_DIR) + "/tests/data/store/" + name;
}

// The file's bytes. With SPANDREL_WRITE_GOLDEN set, `written` becomes the file first: for a new
// version of a format, under a new name.
inline std::string GoldenFile(const std::string& name, const std::string& written) {
  if (std::getenv("SPANDREL_WRITE_GOLDEN") != nullptr) {
    std::ofstream(GoldenPath(name), std::ios::binary) << written;
  }
  return ReadWholeFile(GoldenPath(name));
}

}  // namespace spandrel::columnar
