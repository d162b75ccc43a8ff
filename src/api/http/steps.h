// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/login_sessions.h"
#include "api/http/query_queue.h"
#include "base/byte_budget.h"
#include "base/metrics.h"
#include "base/status.h"
#include "endpoints/access.h"
#include "endpoints/gate.h"
#include "net/http/http.h"
#include "storage/query_context.h"

namespace spandrel::api {

using SteadyTime = std::chrono::steady_clock::time_point;

struct StepOptions {
  const endpoints::Gate* gate = nullptr;  // null: everybody may ask, by any name
  Sessions* sessions = nullptr;           // null: nobody signs in on the page
  // On: `X-Scope-OrgID`, or the login of one tenant, names it and is needed; `a|b` asks of both.
  // Off: the header is ignored, and a login of some tenants may not ask.
  bool tenants = false;
  bool exact_names = false;  // attributes are meant by the very names that are asked for
  std::chrono::nanoseconds query_timeout = std::chrono::seconds(30);
  std::chrono::nanoseconds max_query_timeout = std::chrono::minutes(5);  // whatever is asked for
  base::ByteBudget* memory = nullptr;                                    // null: not bounded
  base::ByteBudget* answers = nullptr;  // for what is encoded and not sent yet; null: not bounded
};

// A request that has passed the steps.
struct Admission {
  endpoints::Identity identity;
  std::string peer;  // who takes turns with others: tenant, user, or address without its port
  std::vector<std::string> tenants = {};  // empty: the only one
  SteadyTime deadline;
  bool exact_names = false;  // it asks for them, as `exactNames=true` or in kExactNamesHeader
};

inline constexpr std::string_view kExactNamesHeader = "x-spandrel-exact-names";

using StepRefusal = endpoints::GateRefusal;

// What every request passes before its handler, whatever protocol carries it: authenticate, tenant,
// limits. And what ends the work on it: its deadline, a client that has gone, the end of the
// server. Thread-safe.
class Steps {
 public:
  Steps(const StepOptions& options, base::MetricRegistry& metrics);

  // By which name the server was asked, and by a page of whom; for what needs no login too.
  std::optional<StepRefusal> CheckHost(const net::Request& request) const;
  // The first step alone, for what asks the store nothing: by the credentials of the request, or
  // those of the session that its cookie names.
  std::optional<StepRefusal> Authenticate(const net::Request& request, endpoints::Role role,
                                          endpoints::Identity* identity) const;
  // The same with credentials that did not come with the request.
  std::optional<StepRefusal> AuthenticateHeaders(const net::Headers& headers, endpoints::Role role,
                                                 endpoints::Identity* identity) const;
  // As endpoints::ServerAuthenticator.
  net::Headers CredentialsFor(const endpoints::SignIn& typed) const;
  std::vector<endpoints::RedirectSignIn*> Redirects() const;
  bool asks_login() const;
  // 403 for who may see what is of some tenants only.
  std::optional<StepRefusal> CheckSeesAll(const endpoints::Identity& identity) const;
  // The steps in their order. `timeout` is what the client asks for; the time runs from now.
  std::optional<StepRefusal> Admit(const net::Request& request,
                                   std::optional<std::chrono::nanoseconds> timeout,
                                   Admission* admission) const;
  // What needs no login: nobody's, of no tenant, with the usual time.
  Admission AdmitAnybody(const net::Request& request) const;
  // For a query of an admitted request. `is_gone` tells whether its client has gone; it is asked
  // from any thread.
  storage::QueryOptions OptionsFor(const Admission& admission, std::function<bool()> is_gone) const;

  // For what asks the store nothing.
  storage::QueryOptions OptionsAtOnce() const {
    storage::QueryOptions options;
    options.answers = options_.answers;
    return options;
  }

  // From `when` on, all queries are cancelled.
  void StopAt(SteadyTime when) { stop_at_ = when.time_since_epoch().count(); }
  bool stopping() const;

  // Counts why a query ended whose answer did not get out.
  void CountEnd(const storage::QueryContext& context, bool client_gone) const;
  // Counts a query that was not taken, and says what its client is told.
  base::Status NoRoom(QueryQueue::Place place) const;

 private:
  std::optional<StepRefusal> ReadTenants(const net::Request& request, Admission* admission) const;

  const StepOptions options_;
  std::atomic<SteadyTime::rep> stop_at_;
  base::Counter& bad_tenant_;
  base::Counter& other_tenant_;
  base::Counter& busy_;
  base::Counter& peer_busy_;
  base::Counter& past_deadline_;
  base::Counter& client_gone_;
  base::Counter& stopped_;
  base::Counter& slow_reader_;
};

}  // namespace spandrel::api
