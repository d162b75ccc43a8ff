// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <ctime>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "endpoints/authenticator.h"
#include "endpoints/digest.h"

namespace spandrel::endpoints {

struct BearerOptions {
  std::string scheme = "Bearer";         // empty: the header is the token
  std::string header = "authorization";  // lower case
  std::string token;                     // this one,
  std::string file;                      // or those of a file, one a line
};

// Whoever shows a known token (RFC 6750). The file is looked at again each second at most; one that
// cannot be read, or has no token, leaves in force what was read before.
class BearerAuthenticator final : public ServerAuthenticator {
 public:
  // INVALID_ARGUMENT names the file that cannot be used.
  static base::Result<std::shared_ptr<ServerAuthenticator>> Make(BearerOptions options);

  base::Result<Identity> Authenticate(const net::Headers& headers) override;
  std::string Challenge() const override;

 private:
  struct FileState {
    timespec changed{};
    int64_t size = -1;
    uint64_t inode = 0;
  };

  explicit BearerAuthenticator(BearerOptions options) : options_(std::move(options)) {}
  base::Status Load() SPANDREL_REQUIRES(mutex_);
  void ReloadIfChanged() SPANDREL_REQUIRES(mutex_);
  FileState LookAtFile() const;

  const BearerOptions options_;
  base::Mutex mutex_;
  std::vector<Digest> tokens_ SPANDREL_GUARDED_BY(mutex_);
  FileState file_ SPANDREL_GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point looked_at_ SPANDREL_GUARDED_BY(mutex_);
};

}  // namespace spandrel::endpoints
