// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "api/http/router.h"
#include "net/http/http.h"

namespace spandrel::api {

// One file of the page as it was built into the program. Files under /assets/ have a hash of their
// content in their names.
struct EmbeddedFile {
  std::string_view path;  // "/index.html"
  std::string_view content_type;
  std::string_view bytes;
  std::string_view bytes_gzip;  // empty: not worth it
};

// Serves the page: its files, its shell (/index.html) for the paths that the page itself routes,
// and redirects for the links of other tracing pages. Owns nothing.
class StaticFiles {
 public:
  explicit StaticFiles(std::span<const EmbeddedFile> files) : files_(files) {}

  net::Response Serve(const RoutedRequest& request) const;

 private:
  const EmbeddedFile* Find(std::string_view path) const;

  std::span<const EmbeddedFile> files_;
};

}  // namespace spandrel::api
