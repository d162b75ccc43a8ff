// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "base/mutex.h"
#include "base/status.h"
#include "extensions/oidc/config.h"
#include "extensions/oidc/jwt.h"
#include "net/http/http.h"
#include "net/socket/io_runtime.h"

namespace spandrel::extensions {

// What an issuer says of itself (OpenID Connect Discovery 1.0), and its keys.
struct IssuerFacts {
  KeySet keys;
  std::string authorization_endpoint = {};                // where people sign in; or empty
  std::optional<endpoints::HttpUrl> token_endpoint = {};  // where codes become tokens
  bool takes_basic = true;  // a client's secret there: by Basic, else in the form
};

// Asks an issuer; any answer but none. Waits 3 s at most; any thread but an I/O thread.
base::Result<net::Response> AskIssuer(net::IoRuntime& runtime, const endpoints::HttpUrl& url,
                                      const net::ClientTls& tls, net::Request request);

// Reads an issuer's discovery document, and its keys where that says that they are. Waits for
// answers; any thread but an I/O thread. UNAVAILABLE names the URL that did not answer,
// INVALID_ARGUMENT what it answered that cannot be used.
base::Result<IssuerFacts> FetchIssuer(net::IoRuntime& runtime, const OidcProvider& provider);

// What is known of an issuer as it was read last, by a thread of their own: at the start, each
// hour, and when a token names a key that is not among them, but no two readings within 10 s. When
// a reading fails, it is logged and those that were read before stay. Thread-safe.
class Issuer {
 public:
  Issuer(net::IoRuntime& runtime, OidcProvider provider)
      : runtime_(runtime), provider_(std::move(provider)) {}
  ~Issuer() { Stop(); }

  net::IoRuntime& runtime() const { return runtime_; }
  const OidcProvider& provider() const { return provider_; }
  void Start();
  void Stop();

  // Null while nothing was read.
  std::shared_ptr<const IssuerFacts> Current() const;
  // A token names a key that is not among them. True when they are going to be read again, so that
  // it is worth coming again.
  bool AskAgain();

 private:
  using TimePoint = std::chrono::steady_clock::time_point;

  void Run();
  bool WaitUntilDue();  // false: stop

  net::IoRuntime& runtime_;
  const OidcProvider provider_;
  mutable base::Mutex mutex_;
  base::CondVar changed_;
  std::shared_ptr<const IssuerFacts> facts_ SPANDREL_GUARDED_BY(mutex_);
  bool is_wanted_ SPANDREL_GUARDED_BY(mutex_) = true;  // or being read
  bool stopping_ SPANDREL_GUARDED_BY(mutex_) = false;
  std::optional<TimePoint> read_at_ SPANDREL_GUARDED_BY(mutex_);  // the end of the last reading
  std::thread thread_;
};

}  // namespace spandrel::extensions
