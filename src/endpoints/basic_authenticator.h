// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "base/mutex.h"
#include "endpoints/authenticator.h"
#include "endpoints/digest.h"
#include "endpoints/password_file.h"

namespace spandrel::endpoints {

// Users with passwords (RFC 7617). A password whose hash takes long is checked once a user; later
// requests are compared with what was right. One such check runs at a time, so that wrong passwords
// cannot take all threads; who comes meanwhile is told to come again.
class BasicAuthenticator final : public ServerAuthenticator {
 public:
  explicit BasicAuthenticator(PasswordFile passwords) : passwords_(std::move(passwords)) {}

  base::Result<Identity> Authenticate(const net::Headers& headers) override;
  std::string Challenge() const override { return R"(Basic realm="spandrel", charset="UTF-8")"; }

 private:
  bool WasRight(const std::string& user, const Digest& password);
  // Checks a password that takes long, and remembers it when it is right.
  base::Status CheckSlowly(const std::string& user, const std::string& password);

  const PasswordFile passwords_;
  base::Mutex slow_mutex_;  // held by the one slow check
  base::Mutex mutex_;
  // The last right password by user.
  std::map<std::string, Digest> right_ SPANDREL_GUARDED_BY(mutex_);
};

}  // namespace spandrel::endpoints
