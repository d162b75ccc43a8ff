// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/status.h"
#include "endpoints/authenticator.h"
#include "endpoints/host_names.h"
#include "endpoints/listener.h"
#include "net/exchange/server_call.h"
#include "net/http/http.h"

namespace spandrel::endpoints {

// Why a request does not pass.
struct GateRefusal {
  int http_status = 403;
  base::Status status;
  net::Headers headers;  // WWW-Authenticate, Retry-After
};

// Which names a listener answers to when its configuration names none.
enum class DefaultHosts : uint8_t {
  kAny,
  kOwn,       // on the loopback interface its own names, elsewhere any
  kUndotted,  // the same with names of a local network
};

// What a listener asks of every request before a handler sees it: one of its own names, and who
// asks. Counts what does not pass: `spandrel_endpoint_refused_requests_total{server,reason}`.
// Thread-safe.
class Gate {
 public:
  // `extension` is what listener.authenticator() names, null when it names none. Reads the files of
  // authenticators that are written in place; a failure names the file. `server` is the label of
  // the metrics.
  static base::Result<std::shared_ptr<const Gate>> Make(
      const ListenerConfig& listener, DefaultHosts default_hosts, const std::string& server,
      base::MetricRegistry& metrics, std::shared_ptr<ServerAuthenticator> extension = nullptr);

  // 421 for a name of somebody else.
  std::optional<GateRefusal> CheckHost(const net::Request& request) const;
  // 403 for what would change something and comes from a page of another site. gRPC passes, which
  // no page can send by itself, and so does everything where DefaultHosts is kAny.
  std::optional<GateRefusal> CheckOrigin(const net::Request& request) const;
  // 401 for missing or wrong credentials, 429 after too many wrong ones, 503 when it cannot be told
  // now, 403 for those of somebody who has not the role. Without
  // authenticators everybody passes, as nobody, for everything.
  std::optional<GateRefusal> Authenticate(const net::Request& request, Role role,
                                          Identity* identity) const;
  // The same of headers that did not come with the request.
  std::optional<GateRefusal> AuthenticateHeaders(const net::Headers& headers, Role role,
                                                 Identity* identity) const;

  bool lets_all_pass() const {
    return hosts_.AllowsAll() && !checks_origin_ && authenticator_ == nullptr;
  }
  // Null: nobody is asked.
  const ServerAuthenticator* authenticator() const { return authenticator_.get(); }

 private:
  Gate(const ListenerConfig& listener, DefaultHosts default_hosts,
       std::shared_ptr<ServerAuthenticator> authenticator, const std::string& server,
       base::MetricRegistry& metrics);

  const HostNames hosts_;
  const bool checks_origin_;
  const std::vector<std::string> allowed_origins_;
  const std::shared_ptr<ServerAuthenticator> authenticator_;  // null: nobody is asked
  base::Counter& wrong_host_;
  base::Counter& wrong_origin_;
  base::Counter& no_login_;
  base::Counter& no_role_;
  base::Counter& login_busy_;
  base::Counter& login_pace_;
};

// The refusal as a gRPC answer to a gRPC request, as text to others.
net::Response ResponseOf(const net::Request& request, const GateRefusal& refusal);

// `next` behind the gate, for those who have `role`: a call that comes to it knows who sent it
// (ServerCall::identity, tenants). A browser's question before a cross-origin request, which
// carries no credentials, passes without them.
net::Handler Guarded(std::shared_ptr<const Gate> gate, Role role, net::Handler next);

}  // namespace spandrel::endpoints
