// SPDX-License-Identifier: Apache-2.0
#include "extensions/oidc/issuer.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/thread.h"
#include "endpoints/host_names.h"
#include "net/peer/client.h"

namespace spandrel::extensions {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kTimeout{3};  // a stop waits for it, twice at most
constexpr std::chrono::seconds kPause{10};   // between two readings
constexpr std::chrono::hours kInterval{1};
constexpr size_t kMaxDocumentBytes = 1 << 20;
constexpr std::string_view kDiscovery = "/.well-known/openid-configuration";

Result<std::string> Get(net::IoRuntime& runtime, const endpoints::HttpUrl& url,
                        const net::ClientTls& tls) {
  net::Request request;
  request.method = "GET";
  request.headers = {{"accept", "application/json"}};
  auto response = AskIssuer(runtime, url, tls, std::move(request));
  if (!response.ok()) return response.status();
  if (response->status == 200) return std::move(response->body);
  return Status(StatusCode::kUnavailable,
                fmt::format("{}{} answers {}", url.authority, url.target, response->status));
}

Status Unusable(std::string message) {
  return {StatusCode::kInvalidArgument, std::move(message)};
}

// An address that keys or secrets may be asked at.
Result<endpoints::HttpUrl> SafeUrl(std::string_view name, std::string_view text) {
  auto url = endpoints::ParseHttpUrl(text);
  if (!url.ok()) return url.status().Annotate(std::string(name));
  if (url->plaintext && !endpoints::IsLoopbackName(url->endpoint.host)) {
    return Unusable(fmt::format("'{}' is not https://", name));
  }
  return url;
}

// The discovery document of an issuer.
class Discovery {
 public:
  Status Parse(const std::string& document, const std::string& issuer) {
    if (parser_.parse(document).get(root_) == simdjson::SUCCESS && Text("issuer") == issuer) {
      return {};
    }
    return Unusable("the discovery document is of another issuer than " + issuer);
  }

  std::string Text(const char* name) const {
    std::string_view text;
    return root_[name].get_string().get(text) == simdjson::SUCCESS ? std::string(text) : "";
  }
  Result<endpoints::HttpUrl> Url(const char* name) const {
    const std::string text = Text(name);
    if (text.empty()) return Unusable(fmt::format("the discovery document names no '{}'", name));
    return SafeUrl(name, text);
  }
  // Without the list Basic is meant.
  bool TakesBasic() const {
    simdjson::dom::array methods;
    const auto found = root_["token_endpoint_auth_methods_supported"].get_array().get(methods);
    if (found != simdjson::SUCCESS) return true;
    return std::any_of(methods.begin(), methods.end(), [](const simdjson::dom::element method) {
      std::string_view text;
      return method.get_string().get(text) == simdjson::SUCCESS && text == "client_secret_basic";
    });
  }

 private:
  simdjson::dom::parser parser_;
  simdjson::dom::element root_;
};

Status ReadSignIn(const Discovery& discovery, IssuerFacts* facts) {
  const auto page = discovery.Url("authorization_endpoint");
  if (!page.ok()) return page.status();
  auto tokens = discovery.Url("token_endpoint");
  if (!tokens.ok()) return tokens.status();
  facts->authorization_endpoint = discovery.Text("authorization_endpoint");
  facts->token_endpoint = *std::move(tokens);
  facts->takes_basic = discovery.TakesBasic();
  return {};
}

}  // namespace

Result<net::Response> AskIssuer(net::IoRuntime& runtime, const endpoints::HttpUrl& url,
                                const net::ClientTls& tls, net::Request request) {
  net::HttpClientOptions options;
  options.endpoint = url.endpoint;
  options.tls = tls;
  options.tls.insecure = url.plaintext;
  options.max_response_bytes = kMaxDocumentBytes;
  net::HttpClient client(runtime, std::move(options));
  request.target = url.target.empty() ? "/" : url.target;
  request.path = request.target;
  request.authority = url.authority;
  return client.SendAndWait(std::move(request), kTimeout);
}

Result<IssuerFacts> FetchIssuer(net::IoRuntime& runtime, const OidcProvider& provider) {
  endpoints::HttpUrl url = provider.url;
  url.target += kDiscovery;
  const auto document = Get(runtime, url, provider.tls);
  if (!document.ok()) return document.status();
  Discovery discovery;
  SPANDREL_RETURN_IF_ERROR(discovery.Parse(*document, provider.issuer));
  IssuerFacts facts;
  if (provider.sign_in) SPANDREL_RETURN_IF_ERROR(ReadSignIn(discovery, &facts));
  const auto keys_url = discovery.Url("jwks_uri");
  if (!keys_url.ok()) return keys_url.status();
  const auto keys = Get(runtime, *keys_url, provider.tls);
  if (!keys.ok()) return keys.status();
  auto parsed = KeySet::Parse(*keys);
  if (!parsed.ok()) return parsed.status();
  facts.keys = *std::move(parsed);
  return facts;
}

void Issuer::Start() {
  thread_ = std::thread([this] {
    base::NameThisThread("spandrel-oidc");
    Run();
  });
}

void Issuer::Stop() {
  {
    const base::MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<const IssuerFacts> Issuer::Current() const {
  const base::MutexLock lock(mutex_);
  return facts_;
}

bool Issuer::AskAgain() {
  const base::MutexLock lock(mutex_);
  if (is_wanted_) return true;
  if (read_at_ && steady_clock::now() - *read_at_ < kPause) return facts_ == nullptr;
  is_wanted_ = true;
  changed_.NotifyAll();
  return true;
}

bool Issuer::WaitUntilDue() {
  base::MutexLock lock(mutex_);
  if (read_at_) {
    const auto next = *read_at_ + (facts_ == nullptr ? steady_clock::duration(kPause) : kInterval);
    changed_.WaitUntil(lock, next,
                       [this]() SPANDREL_REQUIRES(mutex_) { return stopping_ || is_wanted_; });
  }
  is_wanted_ = true;
  return !stopping_;
}

void Issuer::Run() {
  while (WaitUntilDue()) {
    auto facts = FetchIssuer(runtime_, provider_);
    if (!facts.ok()) {
      base::LogWarn("oidc: the keys of {} are not read: {}", provider_.issuer,
                    facts.status().message());
    }
    const base::MutexLock lock(mutex_);
    if (facts.ok()) facts_ = std::make_shared<const IssuerFacts>(*std::move(facts));
    is_wanted_ = false;
    read_at_ = steady_clock::now();
  }
}

}  // namespace spandrel::extensions
