// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/mutex.h"
#include "endpoints/authenticator.h"
#include "endpoints/digest.h"
#include "endpoints/login_pace.h"
#include "endpoints/password_file.h"
#include "endpoints/watched_file.h"

namespace spandrel::endpoints {

struct BasicAuthConfig {
  std::string file;         // of `htpasswd`
  std::string inline_text;  // more of it; it wins where both name a user
  AccessRules access = {};  // by user
};

// Users with passwords (RFC 7617). A password is checked once a user; later requests are compared
// with what was right. One check of a hash that takes long runs at a time, so that wrong passwords
// cannot take all threads; who comes meanwhile is told to come again, and so is who comes soon
// after wrong ones (LoginPace), unless with what was right before. A file is read again when it has
// changed; one that cannot be used leaves in force what was read before.
class BasicAuthenticator final : public ServerAuthenticator {
 public:
  // INVALID_ARGUMENT names the file that cannot be used.
  static base::Result<std::shared_ptr<ServerAuthenticator>> Make(BasicAuthConfig config);

  base::Result<Identity> Authenticate(const net::Headers& headers) override;
  std::string Challenge() const override { return R"(Basic realm="spandrel", charset="UTF-8")"; }
  net::Headers CredentialsFor(const SignIn& typed) const override;

 private:
  using Passwords = std::shared_ptr<const PasswordFile>;

  explicit BasicAuthenticator(BasicAuthConfig config) : config_(std::move(config)) {
    if (!config_.file.empty()) file_.emplace(config_.file);
  }
  base::Status Load() SPANDREL_REQUIRES(mutex_);
  // Those in force now.
  Passwords Current();
  bool WasRight(const std::string& user, const Digest& password);
  // Checks a password that was not right before, and remembers it when it is right.
  base::Status CheckAnew(const Passwords& passwords, const std::string& user,
                         const std::string& password);
  base::Result<bool> Verify(const PasswordFile& passwords, const std::string& user,
                            const std::string& password);

  const BasicAuthConfig config_;
  // Apart, so that names that nobody has cannot make those wait who have one.
  LoginPace users_pace_;
  LoginPace strangers_pace_;
  base::Mutex slow_mutex_;  // held by the one slow check
  base::Mutex mutex_;
  std::optional<WatchedFile> file_ SPANDREL_GUARDED_BY(mutex_);
  Passwords passwords_ SPANDREL_GUARDED_BY(mutex_);
  // The last right password by user, of passwords_.
  std::map<std::string, Digest> right_ SPANDREL_GUARDED_BY(mutex_);
};

}  // namespace spandrel::endpoints
