// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "net/http/http.h"

namespace spandrel::endpoints {

// One person's try to sign in on somebody else's page. Nobody but the browser that began and this
// server know the secrets of it.
struct SignInAttempt {
  std::string state;         // comes back with the code
  std::string nonce;         // comes back within the token
  std::string verifier;      // shown with the code, 43 to 128 letters and digits (RFC 7636)
  std::string redirect_url;  // where the browser comes back to, unless the configuration says
};

// Signing in on a page of somebody else, who sends the browser back with a code (RFC 6749, section
// 4.1). Thread-safe.
class RedirectSignIn {
 public:
  virtual ~RedirectSignIn() = default;

  // Who is asked, in a word for the page: `id.example`.
  virtual std::string Label() const = 0;
  // Where the browser goes. UNAVAILABLE with a time to come again while that is not known.
  virtual base::Result<std::string> PageUrl(const SignInAttempt& attempt) = 0;
  // The headers that show who signed in, for the code that came back. Waits for the other side, a
  // few seconds at most; never on an I/O thread. UNAUTHENTICATED when the code is worth nothing,
  // UNAVAILABLE when it cannot be told; with a time, when the code can still be shown.
  virtual base::Result<net::Headers> Redeem(const SignInAttempt& attempt,
                                            std::string_view code) = 0;
};

}  // namespace spandrel::endpoints
