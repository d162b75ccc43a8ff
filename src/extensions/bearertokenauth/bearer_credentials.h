// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/status.h"
#include "endpoints/bearer_authenticator.h"
#include "endpoints/client_authenticator.h"
#include "endpoints/watched_file.h"

namespace spandrel::extensions {

// A token that a client shows (RFC 6750): the first there is. A file is read again when it has
// changed; one that cannot be used leaves in force what was read before.
class BearerCredentials final : public endpoints::ClientAuthenticator {
 public:
  // INVALID_ARGUMENT names the file that cannot be used.
  static base::Result<std::shared_ptr<BearerCredentials>> Make(
      const endpoints::BearerOptions& options, const base::Clock& clock = base::SystemClock());

  void Authorize(net::Headers* headers) override;

 private:
  BearerCredentials(const endpoints::BearerOptions& options, const base::Clock& clock);
  base::Status Load() SPANDREL_REQUIRES(mutex_);

  const std::string header_;
  const std::string scheme_;  // with the space behind it
  base::Mutex mutex_;
  std::optional<endpoints::WatchedFile> file_ SPANDREL_GUARDED_BY(mutex_);
  std::string token_ SPANDREL_GUARDED_BY(mutex_);
};

}  // namespace spandrel::extensions
