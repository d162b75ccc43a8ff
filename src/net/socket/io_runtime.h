// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>

namespace spandrel::net {

// A few threads that run all sockets of the process. Share one between servers and clients.
class IoRuntime {
 public:
  explicit IoRuntime(size_t threads);
  ~IoRuntime();  // stops and joins

  // Connections that come from now on read their certificates, keys and authorities from the files
  // again. Thread-safe.
  void ReadTlsFilesAgain();

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace spandrel::net
