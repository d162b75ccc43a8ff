// SPDX-License-Identifier: Apache-2.0
#include "extensions/oidc/code_flow.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <chrono>
#include <memory>
#include <utility>

#include "base/base64.h"
#include "base/clock.h"
#include "base/log.h"
#include "endpoints/digest.h"

namespace spandrel::extensions {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;
using endpoints::SignInAttempt;

constexpr std::chrono::seconds kComeAgain{1};
constexpr uint64_t kNanosPerSecond = 1'000'000'000;
constexpr size_t kMaxLoggedBytes = 200;

std::string Form(const net::Headers& fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    if (!text.empty()) text += '&';
    text += name + "=" + net::PercentEncode(value);
  }
  return text;
}

// RFC 7636, section 4.2: S256.
std::string ChallengeOf(const std::string& verifier) {
  const endpoints::Digest digest = endpoints::DigestOf(verifier);
  std::string text = base::Base64Encode(
      {reinterpret_cast<const char*>(digest.data()), digest.size()}, base::Base64Padding::kNone);
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

const std::string& RedirectUrlOf(const OidcSignIn& sign_in, const SignInAttempt& attempt) {
  return sign_in.redirect_url.empty() ? attempt.redirect_url : sign_in.redirect_url;
}

net::Request TokenRequest(const OidcSignIn& sign_in, bool takes_basic, const SignInAttempt& attempt,
                          std::string_view code) {
  const std::string& secret = sign_in.client_secret.value;
  net::Headers form = {{"grant_type", "authorization_code"},
                       {"code", std::string(code)},
                       {"redirect_uri", RedirectUrlOf(sign_in, attempt)},
                       {"code_verifier", attempt.verifier}};
  net::Request request;
  request.method = "POST";
  request.headers = {{"accept", "application/json"},
                     {"content-type", "application/x-www-form-urlencoded"}};
  if (!secret.empty() && takes_basic) {
    request.headers.emplace_back(
        "authorization", "Basic " + base::Base64Encode(net::PercentEncode(sign_in.client_id) + ":" +
                                                       net::PercentEncode(secret)));
  } else {
    form.emplace_back("client_id", sign_in.client_id);
    if (!secret.empty()) form.emplace_back("client_secret", secret);
  }
  request.body = Form(form);
  return request;
}

// The id token of an answer (RFC 6749, section 5.1); what an issuer says of an error is for the
// log.
Result<std::string> IdTokenOf(const net::Response& response, const std::string& issuer) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::string_view token;
  const bool is_json = parser.parse(response.body).get(root) == simdjson::SUCCESS;
  if (response.status == 200 && is_json &&
      root["id_token"].get_string().get(token) == simdjson::SUCCESS) {
    return std::string(token);
  }
  base::LogWarn("oidc: {} gives no token for a code: {} {}", issuer, response.status,
                response.body.substr(0, kMaxLoggedBytes));
  const bool is_refused = response.status >= 400 && response.status < 500;
  return Status(is_refused ? StatusCode::kUnauthenticated : StatusCode::kUnavailable,
                "the issuer gives no token for this sign-in");
}

Status CheckIdToken(const std::string& token, const IssuerFacts& facts,
                    const OidcProvider& provider, const SignInAttempt& attempt) {
  const std::string& client = provider.sign_in->client_id;
  const auto claims = VerifyToken(token, facts.keys, {provider.issuer, {client}},
                                  base::SystemClock().NowUnixNano() / kNanosPerSecond);
  if (!claims.ok()) return claims.status();
  const std::string party = claims->Text("azp");
  if (claims->Text("nonce") == attempt.nonce && (party.empty() || party == client)) return {};
  return {StatusCode::kUnauthenticated, "token: of another sign-in"};
}

Status NotKnownYet() {
  return Status::Unavailable("the issuer is not known yet", kComeAgain);
}

}  // namespace

Result<std::string> CodeFlow::PageUrl(const SignInAttempt& attempt) {
  const auto facts = issuer_.Current();
  if (facts == nullptr) return NotKnownYet();
  const OidcSignIn& sign_in = *issuer_.provider().sign_in;
  const std::string& page = facts->authorization_endpoint;
  return page + (page.find('?') == std::string::npos ? "?" : "&") +
         Form({{"response_type", "code"},
               {"client_id", sign_in.client_id},
               {"redirect_uri", RedirectUrlOf(sign_in, attempt)},
               {"scope", fmt::format("{}", fmt::join(sign_in.scopes, " "))},
               {"state", attempt.state},
               {"nonce", attempt.nonce},
               {"code_challenge", ChallengeOf(attempt.verifier)},
               {"code_challenge_method", "S256"}});
}

Result<net::Headers> CodeFlow::Redeem(const SignInAttempt& attempt, std::string_view code) {
  if (is_redeeming_.exchange(true)) {
    return Status::Unavailable("somebody else is signing in", kComeAgain);
  }
  auto headers = RedeemAlone(attempt, code);
  is_redeeming_ = false;
  return headers;
}

Result<net::Headers> CodeFlow::RedeemAlone(const SignInAttempt& attempt,
                                           std::string_view code) const {
  const auto facts = issuer_.Current();
  if (facts == nullptr) return NotKnownYet();
  const OidcProvider& provider = issuer_.provider();
  const auto response =
      AskIssuer(issuer_.runtime(), *facts->token_endpoint, provider.tls,
                TokenRequest(*provider.sign_in, facts->takes_basic, attempt, code));
  if (!response.ok()) {
    base::LogWarn("oidc: {} does not answer: {}", provider.issuer, response.status().message());
    return Status(StatusCode::kUnavailable, "the issuer does not answer");
  }
  const auto token = IdTokenOf(*response, provider.issuer);
  if (!token.ok()) return token.status();
  SPANDREL_RETURN_IF_ERROR(CheckIdToken(*token, *facts, provider, attempt));
  return net::Headers{{attribute_, "Bearer " + *token}};
}

}  // namespace spandrel::extensions
