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

// Cookies do not keep the ports of a host apart, so the name of ours does.
std::string SessionCookieName(const net::Request& request);
// The secret in a request's cookie; empty without one.
std::string_view SessionSecretOf(const net::Request& request);

}  // namespace spandrel::api
