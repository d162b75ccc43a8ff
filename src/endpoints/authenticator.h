// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "endpoints/access.h"
#include "endpoints/redirect_sign_in.h"
#include "net/http/http.h"

namespace spandrel::endpoints {

// Who sent a request.
struct Identity {
  std::string name = {};  // of the user; empty when the credentials name nobody
  Access access = {};     // everything, unless somebody said less
};

// What a person types on the page to sign in. Without a user it is a token.
struct SignIn {
  std::string user;
  std::string secret;

  bool is_token() const { return user.empty(); }
};

// Tells who sent a request by its headers (gRPC's metadata). Any thread; called on I/O threads, so
// it does not wait for anybody.
class ServerAuthenticator {
 public:
  static constexpr std::string_view kInterfaceName = "server authenticator";

  virtual ~ServerAuthenticator() = default;
  // UNAUTHENTICATED when the credentials are missing or wrong. With a time to come again:
  // UNAVAILABLE when it cannot be told now, RESOURCE_EXHAUSTED when too many were wrong. The
  // message never repeats what was sent.
  virtual base::Result<Identity> Authenticate(const net::Headers& headers) = 0;
  // For WWW-Authenticate.
  virtual std::string Challenge() const = 0;
  // The headers that show what a person typed; none when it is not of a kind that is known here.
  // Whether it is right, Authenticate says.
  virtual net::Headers CredentialsFor(const SignIn& /*typed*/) const { return {}; }
  // On whose pages one may sign in, always the same; they live as long as this.
  virtual std::vector<RedirectSignIn*> Redirects() const { return {}; }
};

// Takes what any of several takes; at least one.
class AnyAuthenticator final : public ServerAuthenticator {
 public:
  explicit AnyAuthenticator(std::vector<std::shared_ptr<ServerAuthenticator>> choices)
      : choices_(std::move(choices)) {}

  base::Result<Identity> Authenticate(const net::Headers& headers) override;
  std::string Challenge() const override;
  net::Headers CredentialsFor(const SignIn& typed) const override;
  std::vector<RedirectSignIn*> Redirects() const override;

 private:
  const std::vector<std::shared_ptr<ServerAuthenticator>> choices_;
};

// The credentials behind `scheme`, which is compared without regard to case, in the value of an
// Authorization header; empty when it is another scheme. All of the value when `scheme` is empty.
std::string_view CredentialsOf(std::string_view value, std::string_view scheme);

}  // namespace spandrel::endpoints
