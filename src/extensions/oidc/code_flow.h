// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "base/status.h"
#include "endpoints/redirect_sign_in.h"
#include "extensions/oidc/issuer.h"
#include "net/http/http.h"

namespace spandrel::extensions {

// Signing in on an issuer's page: the authorization code flow (OpenID Connect Core 1.0, section
// 3.1) with PKCE (RFC 7636). What it makes of a code is the id token, as if it had been sent in
// `attribute`. The issuer's provider has `sign_in`, and the issuer outlives it.
class CodeFlow final : public endpoints::RedirectSignIn {
 public:
  CodeFlow(Issuer& issuer, std::string attribute)
      : issuer_(issuer), attribute_(std::move(attribute)) {}

  std::string Label() const override { return issuer_.provider().url.endpoint.host; }
  base::Result<std::string> PageUrl(const endpoints::SignInAttempt& attempt) override;
  // One at a time, so that codes that are made up hold no more than one thread.
  base::Result<net::Headers> Redeem(const endpoints::SignInAttempt& attempt,
                                    std::string_view code) override;

 private:
  base::Result<net::Headers> RedeemAlone(const endpoints::SignInAttempt& attempt,
                                         std::string_view code) const;

  Issuer& issuer_;
  const std::string attribute_;
  std::atomic<bool> is_redeeming_ = false;
};

}  // namespace spandrel::extensions
