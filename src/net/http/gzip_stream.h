// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace spandrel::net {

// Compresses a body whose end is not known yet, piece by piece. Takes a quarter of a megabyte.
class GzipStream {
 public:
  GzipStream();
  ~GzipStream();
  GzipStream(GzipStream&&) noexcept;
  GzipStream& operator=(GzipStream&&) noexcept;

  // Appends to `out` what can be told already, often nothing.
  void Add(std::string_view bytes, std::string* out);
  // Appends the rest. The last call.
  void Finish(std::string* out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace spandrel::net
