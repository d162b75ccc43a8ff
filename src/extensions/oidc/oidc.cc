// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/tenant_name.h"
#include "endpoints/authenticator.h"
#include "extensions/factories.h"
#include "extensions/oidc/code_flow.h"
#include "extensions/oidc/config.h"
#include "extensions/oidc/issuer.h"
#include "extensions/oidc/jwt.h"

namespace spandrel::extensions {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;
using endpoints::Identity;

constexpr std::chrono::seconds kComeAgain{1};
constexpr uint64_t kNanosPerSecond = 1'000'000'000;

// The tenants that a token names, as far as the rules allow them; none: an error.
Result<std::vector<std::string>> TenantsOf(const Claims& claims, const std::string& claim,
                                           const std::vector<std::string>& allowed) {
  std::vector<std::string> tenants;
  for (const std::string& tenant : claims.Texts(claim)) {
    const bool may =
        allowed.empty() || std::find(allowed.begin(), allowed.end(), tenant) != allowed.end();
    if (may && base::IsTenantName(tenant)) tenants.push_back(tenant);
  }
  if (tenants.empty()) return Status(StatusCode::kUnauthenticated, "token: names no tenant");
  return tenants;
}

// For whom a token may be; none: anybody.
std::vector<std::string> AudiencesOf(const OidcProvider& provider) {
  if (provider.audience.empty()) return {};
  std::vector<std::string> audiences = {provider.audience};
  if (provider.sign_in) audiences.push_back(provider.sign_in->client_id);
  return audiences;
}

class Oidc final : public pipeline::Extension, public endpoints::ServerAuthenticator {
 public:
  Oidc(net::IoRuntime& runtime, std::shared_ptr<const OidcConfig> config)
      : config_(std::move(config)) {
    for (const OidcProvider& provider : config_->providers) {
      issuers_.push_back(std::make_unique<Issuer>(runtime, provider));
      if (!provider.sign_in) continue;
      flows_.push_back(std::make_unique<CodeFlow>(*issuers_.back(), config_->attribute));
    }
  }

  Status Start() override {
    for (const auto& issuer : issuers_) issuer->Start();
    return {};
  }
  void Shutdown(std::chrono::steady_clock::time_point) override {
    for (const auto& issuer : issuers_) issuer->Stop();
  }

  Result<Identity> Authenticate(const net::Headers& headers) override {
    const std::string_view token =
        endpoints::CredentialsOf(net::FindHeader(headers, config_->attribute), "bearer");
    if (token.empty()) return Status(StatusCode::kUnauthenticated, "a token is needed");
    const std::string claimed = ClaimedIssuer(token);
    for (const auto& issuer : issuers_) {
      if (issuer->provider().issuer == claimed) return Check(token, *issuer);
    }
    return Status(StatusCode::kUnauthenticated, "token: of another issuer");
  }
  std::string Challenge() const override { return "Bearer realm=\"spandrel\""; }
  net::Headers CredentialsFor(const endpoints::SignIn& typed) const override {
    if (!typed.is_token()) return {};
    return {{config_->attribute, net::CleanHeaderValue("Bearer " + typed.secret)}};
  }
  std::vector<endpoints::RedirectSignIn*> Redirects() const override {
    std::vector<endpoints::RedirectSignIn*> all;
    for (const auto& flow : flows_) all.push_back(flow.get());
    return all;
  }

 private:
  Result<Identity> Check(std::string_view token, Issuer& issuer) const {
    const OidcProvider& provider = issuer.provider();
    const auto facts = issuer.Current();
    if (facts == nullptr) {
      return Status::Unavailable("the keys of the issuer are not known yet", kComeAgain);
    }
    const auto claims = VerifyToken(token, facts->keys, {provider.issuer, AudiencesOf(provider)},
                                    base::SystemClock().NowUnixNano() / kNanosPerSecond);
    if (claims.ok()) return IdentityOf(*claims, provider);
    if (claims.status().code() != StatusCode::kNotFound) return claims.status();
    if (issuer.AskAgain()) {
      return Status::Unavailable("the keys of the issuer are read again", kComeAgain);
    }
    return Status(StatusCode::kUnauthenticated, claims.status().message());
  }

  Result<Identity> IdentityOf(const Claims& claims, const OidcProvider& provider) const {
    Identity identity;
    const std::string& claim = provider.username_claim;
    identity.name = claims.Text(claim.empty() ? "sub" : claim);
    if (identity.name.empty()) {
      return Status(StatusCode::kUnauthenticated, "token: does not name its user");
    }
    identity.access =
        config_->access.Of(provider.groups_claim.empty() ? std::vector<std::string>()
                                                         : claims.Texts(provider.groups_claim));
    if (provider.tenants_claim.empty()) return identity;
    auto tenants = TenantsOf(claims, provider.tenants_claim, identity.access.tenants);
    if (!tenants.ok()) return tenants.status();
    identity.access.tenants = *std::move(tenants);
    return identity;
  }

  const std::shared_ptr<const OidcConfig> config_;
  std::vector<std::unique_ptr<Issuer>> issuers_;
  std::vector<std::unique_ptr<CodeFlow>> flows_;  // of those on whose pages one may sign in
};

}  // namespace

pipeline::ExtensionFactory MakeOidcFactory(net::IoRuntime& runtime) {
  pipeline::ExtensionFactory factory;
  factory.info = {"oidc", {}, "beta", "Tokens of OpenID Connect issuers, for servers."};
  factory.decode = DecodeOidcConfig;
  factory.create = [&runtime](const pipeline::ComponentContext&,
                              std::shared_ptr<const pipeline::ConfigBase> config)
      -> Result<std::unique_ptr<pipeline::Extension>> {
    return std::unique_ptr<pipeline::Extension>(
        std::make_unique<Oidc>(runtime, std::static_pointer_cast<const OidcConfig>(config)));
  };
  factory.provides = {endpoints::ServerAuthenticator::kInterfaceName};
  return factory;
}

}  // namespace spandrel::extensions
