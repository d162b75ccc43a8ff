// SPDX-License-Identifier: Apache-2.0
#include "api/http/login_redirect.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "api/http/responses.h"
#include "api/http/router.h"
#include "api/http/steps.h"
#include "base/hex.h"
#include "base/time_text.h"
#include "endpoints/digest.h"
#include "endpoints/redirect_sign_in.h"

namespace spandrel::api {
namespace {

using endpoints::RedirectSignIn;
using endpoints::SignInAttempt;

constexpr std::string_view kRedirectPath = "/api/ui/v1/session/redirect";
constexpr std::string_view kCallbackPath = "/api/ui/v1/session/callback";
constexpr std::string_view kCookieBase = "spandrel_sign_in";
constexpr size_t kMaxPathBytes = 2048;
constexpr size_t kMaxCodeBytes = 4096;
constexpr int kMinutes = 10;  // that a try may take

std::string HexOf(const endpoints::Digest& digest) {
  return base::HexEncode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

// What the cookie holds: `<way>.<secret>.<where to come back to, percent-encoded>`.
struct Try {
  size_t way = 0;
  std::string secret;
  std::string to;

  std::string ToCookie() const {
    return fmt::format("{}.{}.{}", way, secret, net::PercentEncode(to));
  }
  SignInAttempt Attempt(std::string redirect_url) const {
    const auto derived = [this](const char* what) {
      return HexOf(endpoints::DigestOf(std::string(what) + secret));
    };
    return {derived("state:"), derived("nonce:"), derived("verifier:"), std::move(redirect_url)};
  }
};

// A path of this page, never an address of somebody else's.
std::string PathOfOurs(const std::string& path) {
  const bool is_visible =
      std::all_of(path.begin(), path.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  const bool is_ours = path.starts_with('/') && !path.starts_with("//") && is_visible &&
                       path.find('\\') == std::string::npos;
  return is_ours && path.size() <= kMaxPathBytes ? path : "/";
}

std::optional<Try> TryOf(std::string_view cookie) {
  const size_t first = cookie.find('.');
  const size_t second = cookie.find('.', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
  const auto way = base::ParseUnsigned(cookie.substr(0, first));
  if (!way) return std::nullopt;
  return Try{*way, std::string(cookie.substr(first + 1, second - first - 1)),
             PathOfOurs(net::PercentDecode(cookie.substr(second + 1)))};
}

std::string EscapeHtml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '&':
        escaped += "&amp;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

net::Response HtmlPage(int status, std::string_view head, std::string_view body) {
  net::Response response = MakeResponse(
      status, "text/html; charset=utf-8",
      fmt::format("<!doctype html><html lang=\"en\"><head><title>Spandrel</title>{}</head>"
                  "<body>{}</body></html>",
                  head, body));
  response.headers.emplace_back("cache-control", "no-store");
  response.headers.emplace_back("referrer-policy", "no-referrer");
  return response;
}

// A person reads it, who came by a link and not from the page's script.
net::Response FailurePage(int status, std::string_view message) {
  return HtmlPage(status, "",
                  fmt::format("<h1>Not signed in</h1><p>{}.</p><p><a href=\"/\">Try again</a></p>",
                              EscapeHtml(message)));
}

net::Response FailurePage(const base::Status& status) {
  return FailurePage(status.code() == base::StatusCode::kUnauthenticated ? 401 : 503,
                     status.message());
}

// By a link in a page of ours, since a browser that was sent on from another site would not show
// the session's cookie.
net::Response PageThatGoesTo(const std::string& path) {
  const std::string escaped = EscapeHtml(path);
  return HtmlPage(200, fmt::format("<meta http-equiv=\"refresh\" content=\"0;url={}\">", escaped),
                  fmt::format("<p><a href=\"{}\">Signed in. Continue</a></p>", escaped));
}

class LoginRedirect {
 public:
  LoginRedirect(const Steps& steps, Sessions& sessions, bool is_encrypted)
      : steps_(steps), sessions_(sessions), is_encrypted_(is_encrypted) {}

  net::Response Begin(const RoutedRequest& request) const {
    const auto way = base::ParseUnsigned(request.parameters.Get("way"));
    RedirectSignIn* const page = PageOf(way.value_or(0));
    if (page == nullptr) return FailurePage(404, "nobody signs in that way here");
    const Try attempt{way.value_or(0), HexOf(endpoints::NewSecret()),
                      PathOfOurs(std::string(request.parameters.Get("to")))};
    const auto url = page->PageUrl(attempt.Attempt(CallbackUrl(request.http)));
    if (!url.ok()) return FailurePage(url.status());
    net::Response response = MakeResponse(302, kTextType, "");
    response.headers.emplace_back("location", net::CleanHeaderValue(*url));
    response.headers.emplace_back("cache-control", "no-store");
    response.headers.emplace_back("set-cookie",
                                  Cookie(request.http, attempt.ToCookie(), kMinutes * 60));
    return response;
  }

  net::Response ComeBack(const RoutedRequest& request) const {
    const auto attempt = TryOf(CookieOf(request.http, CookieName(kCookieBase, request.http)));
    RedirectSignIn* const page = attempt ? PageOf(attempt->way) : nullptr;
    if (page == nullptr) return FailurePage(400, "this sign-in was begun elsewhere, or long ago");
    const SignInAttempt secrets = attempt->Attempt(CallbackUrl(request.http));
    // An address that somebody else made up, to sign a person in as another.
    if (request.parameters.Get("state") != secrets.state) {
      return FailurePage(400, "this is the answer to another sign-in");
    }
    const std::string_view code = request.parameters.Get("code");
    if (code.empty() || code.size() > kMaxCodeBytes) {
      return FailurePage(401, fmt::format("{} says: {}", page->Label(),
                                          request.parameters.Get("error").substr(0, 100)));
    }
    auto credentials = page->Redeem(secrets, code);
    if (!credentials.ok()) return NotRedeemed(request.http, credentials.status());
    return SignedIn(request.http, *std::move(credentials), attempt->to);
  }

 private:
  RedirectSignIn* PageOf(size_t way) const {
    const auto pages = steps_.Redirects();
    return way < pages.size() ? pages[way] : nullptr;
  }

  std::string CallbackUrl(const net::Request& request) const {
    return fmt::format("{}://{}{}", is_encrypted_ ? "https" : "http", request.authority,
                       kCallbackPath);
  }

  // Other sites may send the browser here with it: the issuer does.
  std::string Cookie(const net::Request& request, std::string_view value, int seconds) const {
    return fmt::format("{}={}; Path={}; HttpOnly; SameSite=Lax; Max-Age={}{}",
                       CookieName(kCookieBase, request), value, kCallbackPath, seconds,
                       is_encrypted_ ? "; Secure" : "");
  }

  // A code that can still be shown is shown again by the browser.
  static net::Response NotRedeemed(const net::Request& request, const base::Status& status) {
    net::Response response = FailurePage(status);
    if (!status.retry_after()) return response;
    response.headers.emplace_back("refresh",
                                  net::CleanHeaderValue(fmt::format("1;url={}", request.target)));
    return response;
  }

  net::Response SignedIn(const net::Request& request, net::Headers credentials,
                         const std::string& to) const {
    endpoints::Identity identity;
    const auto refusal = steps_.AuthenticateHeaders(credentials, endpoints::Role::kRead, &identity);
    if (refusal) return FailurePage(refusal->http_status, refusal->status.message());
    net::Response response = PageThatGoesTo(to);
    response.headers.emplace_back(
        "set-cookie",
        SessionCookie(request, sessions_.Begin(std::move(credentials)), is_encrypted_));
    response.headers.emplace_back("set-cookie", Cookie(request, "", 0));
    return response;
  }

  const Steps& steps_;
  Sessions& sessions_;
  const bool is_encrypted_;
};

}  // namespace

std::vector<SignInPage> PagesToSignInOn(const Steps& steps) {
  std::vector<SignInPage> pages;
  for (const RedirectSignIn* page : steps.Redirects()) {
    pages.push_back({page->Label(), fmt::format("{}?way={}", kRedirectPath, pages.size())});
  }
  return pages;
}

void AddLoginRedirect(const Steps& steps, Sessions& sessions, bool is_encrypted, Router* router) {
  const auto login = std::make_shared<const LoginRedirect>(steps, sessions, is_encrypted);
  router->GetOpen(kRedirectPath,
                  [login](const RoutedRequest& request) { return login->Begin(request); });
  router->GetOpenOnPool(kCallbackPath,
                        [login](const RoutedRequest& request) { return login->ComeBack(request); });
}

}  // namespace spandrel::api
