// SPDX-License-Identifier: Apache-2.0
#include "api/http/login_api.h"

#include <memory>
#include <string>
#include <utility>

#include "api/http/json_reader.h"
#include "api/http/json_text.h"
#include "api/http/login_redirect.h"
#include "api/http/responses.h"
#include "api/http/router.h"
#include "api/http/steps.h"

namespace spandrel::api {
namespace {

using wire::JsonWriter;

constexpr size_t kMaxSecretBytes = 16 << 10;  // a large token
constexpr std::string_view kPath = "/api/ui/v1/session";

// A page of another site may send a form here, but not without its name.
bool IsFromElsewhere(const net::Request& request) {
  const std::string_view origin = net::FindHeader(request.headers, "origin");
  if (origin.empty()) return false;
  const size_t scheme = origin.find("://");
  return scheme == std::string_view::npos || origin.substr(scheme + 3) != request.authority;
}

std::string FieldOf(const net::Headers& fields, std::string_view name) {
  return std::string(net::FindHeader(fields, name));
}

class LoginApi {
 public:
  LoginApi(const Steps& steps, Sessions& sessions, LoginOptions options)
      : steps_(steps), sessions_(sessions), options_(std::move(options)) {}

  net::Response Get(const RoutedRequest& request) const {
    endpoints::Identity identity;
    const bool is_in = !steps_.Authenticate(request.http, endpoints::Role::kRead, &identity);
    return Describe(is_in, identity);
  }

  net::Response Begin(const RoutedRequest& request) const {
    if (IsFromElsewhere(request.http)) return ErrorResponse(403, "not from another site");
    const auto fields = ParseParameterObject(request.body);
    if (!fields.ok()) return ErrorResponse(fields.status());
    const endpoints::SignIn typed = TypedIn(*fields);
    if (typed.secret.empty() || typed.secret.size() + typed.user.size() > kMaxSecretBytes) {
      return ErrorResponse(400, "expected user and password, or token");
    }
    net::Headers credentials = steps_.CredentialsFor(typed);
    if (credentials.empty()) return ErrorResponse(400, "nobody signs in that way here");
    endpoints::Identity identity;
    const auto refusal = steps_.AuthenticateHeaders(credentials, endpoints::Role::kRead, &identity);
    if (refusal) return ErrorResponse(refusal->http_status, refusal->status.message());
    net::Response response = Describe(true, identity);
    response.headers.emplace_back(
        "set-cookie", SessionCookie(request.http, sessions_.Begin(std::move(credentials)),
                                    options_.is_encrypted));
    return response;
  }

  net::Response End(const RoutedRequest& request) const {
    if (IsFromElsewhere(request.http)) return ErrorResponse(403, "not from another site");
    sessions_.End(SessionSecretOf(request.http));
    net::Response response = Describe(false, {});
    response.headers.emplace_back(
        "set-cookie", SessionCookie(request.http, "", options_.is_encrypted, "; Max-Age=0"));
    return response;
  }

 private:
  static endpoints::SignIn TypedIn(const net::Headers& fields) {
    const std::string token = FieldOf(fields, "token");
    if (!token.empty()) return {"", token};
    const std::string user = FieldOf(fields, "user");
    return user.empty() ? endpoints::SignIn{}
                        : endpoints::SignIn{user, FieldOf(fields, "password")};
  }

  std::vector<std::string> WarningsFor(bool is_in, const endpoints::Identity& identity) const {
    const bool sees_all = is_in && identity.access.tenants.empty();
    return sees_all && options_.warnings ? options_.warnings() : std::vector<std::string>();
  }

  net::Response Describe(bool is_in, const endpoints::Identity& identity) const {
    std::string text;
    JsonWriter json(&text);
    json.OpenObject();
    json.Key("signedIn");
    json.Bool(is_in);
    json.Key("required");
    json.Bool(steps_.asks_login());
    json.Key("ways");
    json.OpenArray();
    if (!steps_.CredentialsFor({"user", "password"}).empty()) json.String("password");
    if (!steps_.CredentialsFor({"", "token"}).empty()) json.String("token");
    json.CloseArray();
    json.Key("redirects");
    json.OpenArray();
    for (const auto& page : PagesToSignInOn(steps_)) {
      json.OpenObject();
      TextField("label", page.label, &json);
      TextField("path", page.path, &json);
      json.CloseObject();
    }
    json.CloseArray();
    TextField("user", is_in ? identity.name : "", &json);
    json.Key("tenants");
    json.OpenArray();
    for (const std::string& tenant : identity.access.tenants) json.String(tenant);
    json.CloseArray();
    json.Key("warnings");
    json.OpenArray();
    for (const std::string& warning : WarningsFor(is_in, identity)) json.String(warning);
    json.CloseArray();
    json.CloseObject();
    net::Response response = JsonResponse(std::move(text));
    response.headers.emplace_back("cache-control", "no-store");
    return response;
  }

  const Steps& steps_;
  Sessions& sessions_;
  const LoginOptions options_;
};
}  // namespace

void AddLoginApi(const Steps& steps, Sessions& sessions, LoginOptions options, Router* router) {
  AddLoginRedirect(steps, sessions, options.is_encrypted, router);
  const auto api = std::make_shared<const LoginApi>(steps, sessions, std::move(options));
  router->GetOpen(kPath, [api](const RoutedRequest& request) { return api->Get(request); });
  router->PostOpen(kPath, [api](const RoutedRequest& request) { return api->Begin(request); });
  router->PostOpen(std::string(kPath) + "/end",
                   [api](const RoutedRequest& request) { return api->End(request); });
}

}  // namespace spandrel::api
