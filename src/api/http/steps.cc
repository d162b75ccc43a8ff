// SPDX-License-Identifier: Apache-2.0
#include "api/http/steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "endpoints/tenant.h"

namespace spandrel::api {
namespace {

base::Counter& RefusedCounter(base::MetricRegistry& metrics, const std::string& reason) {
  return metrics.AddCounter("spandrel_api_refused_requests_total", {{"reason", reason}});
}

base::Counter& CancelledCounter(base::MetricRegistry& metrics, const std::string& reason) {
  return metrics.AddCounter("spandrel_api_cancelled_queries_total", {{"reason", reason}});
}

// Users share addresses, and a user may have several. A tenant's users take turns with other
// tenants together.
std::string PeerOf(const net::Request& request, const endpoints::Identity& identity,
                   const std::vector<std::string>& tenants) {
  if (!tenants.empty()) return fmt::format("tenant {}", fmt::join(tenants, "|"));
  if (!identity.name.empty()) return "user " + identity.name;
  return request.peer.substr(0, request.peer.rfind(':'));
}

}  // namespace

Steps::Steps(const StepOptions& options, base::MetricRegistry& metrics)
    : options_(options),
      stop_at_(SteadyTime::max().time_since_epoch().count()),
      bad_tenant_(RefusedCounter(metrics, "tenant")),
      other_tenant_(RefusedCounter(metrics, "other_tenant")),
      busy_(RefusedCounter(metrics, "busy")),
      peer_busy_(RefusedCounter(metrics, "peer_busy")),
      past_deadline_(CancelledCounter(metrics, "deadline")),
      client_gone_(CancelledCounter(metrics, "client_gone")),
      stopped_(CancelledCounter(metrics, "stopping")),
      slow_reader_(CancelledCounter(metrics, "slow_reader")) {}

std::optional<StepRefusal> Steps::CheckHost(const net::Request& request) const {
  if (options_.gate == nullptr) return std::nullopt;
  auto refusal = options_.gate->CheckHost(request);
  return refusal ? refusal : options_.gate->CheckOrigin(request);
}

std::optional<StepRefusal> Steps::ReadTenants(const net::Request& request,
                                              Admission* admission) const {
  const std::vector<std::string>& allowed = admission->identity.access.tenants;
  if (!options_.tenants) {
    if (allowed.empty()) return std::nullopt;
    other_tenant_.Add();
    return StepRefusal{403,
                       {base::StatusCode::kPermissionDenied,
                        "this login is of some tenants, and this store does not keep them apart"},
                       {}};
  }
  auto named = endpoints::TenantsOf(request, allowed);
  if (named.ok() && named->empty()) named = endpoints::TenantNeeded();
  if (named.ok()) {
    admission->tenants = *std::move(named);
    return std::nullopt;
  }
  const bool is_other = named.status().code() == base::StatusCode::kPermissionDenied;
  (is_other ? other_tenant_ : bad_tenant_).Add();
  return StepRefusal{is_other ? 403 : 400, named.status(), {}};
}

std::optional<StepRefusal> Steps::Authenticate(const net::Request& request, endpoints::Role role,
                                               endpoints::Identity* identity) const {
  if (!asks_login()) return std::nullopt;
  if (options_.sessions == nullptr || !net::FindHeader(request.headers, "authorization").empty()) {
    return AuthenticateHeaders(request.headers, role, identity);
  }
  const std::string_view secret = SessionSecretOf(request);
  const auto typed = secret.empty() ? std::nullopt : options_.sessions->Find(secret);
  return AuthenticateHeaders(typed ? *typed : request.headers, role, identity);
}

std::optional<StepRefusal> Steps::AuthenticateHeaders(const net::Headers& headers,
                                                      endpoints::Role role,
                                                      endpoints::Identity* identity) const {
  if (options_.gate == nullptr) return std::nullopt;
  return options_.gate->AuthenticateHeaders(headers, role, identity);
}

net::Headers Steps::CredentialsFor(const endpoints::SignIn& typed) const {
  return asks_login() ? options_.gate->authenticator()->CredentialsFor(typed) : net::Headers();
}

std::vector<endpoints::RedirectSignIn*> Steps::Redirects() const {
  return asks_login() ? options_.gate->authenticator()->Redirects()
                      : std::vector<endpoints::RedirectSignIn*>();
}

bool Steps::asks_login() const {
  return options_.gate != nullptr && options_.gate->authenticator() != nullptr;
}

std::optional<StepRefusal> Steps::CheckSeesAll(const endpoints::Identity& identity) const {
  if (identity.access.tenants.empty()) return std::nullopt;
  other_tenant_.Add();
  return StepRefusal{
      403,
      {base::StatusCode::kPermissionDenied, "this is of all tenants, and this login is not"},
      {}};
}

std::optional<StepRefusal> Steps::Admit(const net::Request& request,
                                        std::optional<std::chrono::nanoseconds> timeout,
                                        Admission* admission) const {
  if (auto refusal = Authenticate(request, endpoints::Role::kRead, &admission->identity)) {
    return refusal;
  }
  if (auto refusal = ReadTenants(request, admission)) return refusal;
  admission->peer = PeerOf(request, admission->identity, admission->tenants);
  const auto time = std::min(timeout.value_or(options_.query_timeout), options_.max_query_timeout);
  admission->deadline = std::chrono::steady_clock::now() + time;
  admission->exact_names = net::FindHeader(request.headers, kExactNamesHeader) == "true";
  return std::nullopt;
}

Admission Steps::AdmitAnybody(const net::Request& request) const {
  Admission admission;
  admission.peer = PeerOf(request, {}, {});
  admission.deadline = std::chrono::steady_clock::now() + options_.query_timeout;
  return admission;
}

storage::QueryOptions Steps::OptionsFor(const Admission& admission,
                                        std::function<bool()> is_gone) const {
  return {.tenants = admission.tenants,
          .deadline = admission.deadline,
          .memory = options_.memory,
          .answers = options_.answers,
          .exact_names = options_.exact_names || admission.exact_names,
          .is_cancelled = [this, is_gone = std::move(is_gone)] { return is_gone() || stopping(); },
          .progress = {}};
}

bool Steps::stopping() const {
  const SteadyTime::rep stop_at = stop_at_.load(std::memory_order_relaxed);
  return std::chrono::steady_clock::now().time_since_epoch().count() >= stop_at;
}

base::Status Steps::NoRoom(QueryQueue::Place place) const {
  const bool of_peer = place == QueryQueue::Place::kNoRoomForPeer;
  (of_peer ? peer_busy_ : busy_).Add();
  return base::Status::Unavailable(
      of_peer ? "too many of your queries wait already" : "too many queries wait already",
      std::chrono::seconds(1));
}

void Steps::CountEnd(const storage::QueryContext& context, bool client_gone) const {
  const base::StatusCode code = context.Check().code();
  if (client_gone) {
    client_gone_.Add();
  } else if (code == base::StatusCode::kDeadlineExceeded) {
    past_deadline_.Add();
  } else if (stopping()) {
    stopped_.Add();
  } else if (code == base::StatusCode::kCancelled) {
    slow_reader_.Add();
  }
}

}  // namespace spandrel::api
