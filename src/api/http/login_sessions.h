// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/mutex.h"
#include "endpoints/digest.h"
#include "net/http/http.h"

namespace spandrel::api {

// Those who have signed in on the page. A session stands for the credentials that were typed, which
// are asked about anew with each request: who is removed, or whose token has expired, is out at
// once. Ends after 8 hours without a request and after 24 hours; of more than 1,000 the one that
// was used longest ago ends. In memory alone. Thread-safe.
class Sessions {
 public:
  explicit Sessions(const base::Clock& clock = base::SystemClock()) : clock_(clock) {}

  // Keeps the credentials; the secret by which they are found again.
  std::string Begin(net::Headers credentials);
  std::optional<net::Headers> Find(std::string_view secret);
  void End(std::string_view secret);

 private:
  using TimePoint = std::chrono::steady_clock::time_point;
  struct Session {
    net::Headers credentials;
    TimePoint begun;
    TimePoint used;
  };

  void MakeRoom(TimePoint now) SPANDREL_REQUIRES(mutex_);

  const base::Clock& clock_;
  base::Mutex mutex_;
  // By digests, so that the time of a look-up tells nothing of a secret.
  std::map<endpoints::Digest, Session> sessions_ SPANDREL_GUARDED_BY(mutex_);
};

// `base` with the port that was asked: cookies do not keep the ports of a host apart.
std::string CookieName(std::string_view base, const net::Request& request);
// What a request's cookie of that name holds; empty without one.
std::string_view CookieOf(const net::Request& request, std::string_view name);

std::string SessionCookieName(const net::Request& request);
// The secret in a request's cookie; empty without one.
std::string_view SessionSecretOf(const net::Request& request);
// The header that gives the browser the secret of a session. `more`: further attributes.
std::string SessionCookie(const net::Request& request, std::string_view secret, bool is_encrypted,
                          std::string_view more = {});

}  // namespace spandrel::api
