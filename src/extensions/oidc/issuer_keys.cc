// SPDX-License-Identifier: Apache-2.0
#include "extensions/oidc/issuer_keys.h"

#include <fmt/format.h>
#include <simdjson.h>

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
  net::HttpClientOptions options;
  options.endpoint = url.endpoint;
  options.tls = tls;
  options.tls.insecure = url.plaintext;
  options.max_response_bytes = kMaxDocumentBytes;
  net::HttpClient client(runtime, std::move(options));
  net::Request request;
  request.method = "GET";
  request.target = url.target.empty() ? "/" : url.target;
  request.path = request.target;
  request.authority = url.authority;
  request.headers = {{"accept", "application/json"}};
  auto response = client.SendAndWait(std::move(request), kTimeout);
  if (!response.ok()) return response.status();
  if (response->status == 200) return std::move(response->body);
  return Status(StatusCode::kUnavailable,
                fmt::format("{}{} answers {}", url.authority, url.target, response->status));
}

// Where the keys are, by the discovery document of `issuer`.
Result<endpoints::HttpUrl> KeysUrl(const std::string& document, const std::string& issuer) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::string_view text;
  if (parser.parse(document).get(root) != simdjson::SUCCESS ||
      root["issuer"].get_string().get(text) != simdjson::SUCCESS || text != issuer) {
    return Status(StatusCode::kInvalidArgument,
                  "the discovery document is of another issuer than " + issuer);
  }
  if (root["jwks_uri"].get_string().get(text) != simdjson::SUCCESS) {
    return Status(StatusCode::kInvalidArgument, "the discovery document names no 'jwks_uri'");
  }
  auto url = endpoints::ParseHttpUrl(text);
  if (!url.ok()) return url.status().Annotate("jwks_uri");
  if (url->plaintext && !endpoints::IsLoopbackName(url->endpoint.host)) {
    return Status(StatusCode::kInvalidArgument, "'jwks_uri' is not https://");
  }
  return url;
}

}  // namespace

Result<KeySet> FetchKeys(net::IoRuntime& runtime, const OidcProvider& provider) {
  endpoints::HttpUrl url = provider.url;
  url.target += kDiscovery;
  const auto document = Get(runtime, url, provider.tls);
  if (!document.ok()) return document.status();
  const auto keys_url = KeysUrl(*document, provider.issuer);
  if (!keys_url.ok()) return keys_url.status();
  const auto keys = Get(runtime, *keys_url, provider.tls);
  if (!keys.ok()) return keys.status();
  return KeySet::Parse(*keys);
}

void IssuerKeys::Start() {
  thread_ = std::thread([this] {
    base::NameThisThread("spandrel-oidc");
    Run();
  });
}

void IssuerKeys::Stop() {
  {
    const base::MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<const KeySet> IssuerKeys::Current() const {
  const base::MutexLock lock(mutex_);
  return keys_;
}

bool IssuerKeys::AskAgain() {
  const base::MutexLock lock(mutex_);
  if (is_wanted_) return true;
  if (read_at_ && steady_clock::now() - *read_at_ < kPause) return keys_ == nullptr;
  is_wanted_ = true;
  changed_.NotifyAll();
  return true;
}

bool IssuerKeys::WaitUntilDue() {
  base::MutexLock lock(mutex_);
  if (read_at_) {
    const auto next = *read_at_ + (keys_ == nullptr ? steady_clock::duration(kPause) : kInterval);
    changed_.WaitUntil(lock, next,
                       [this]() SPANDREL_REQUIRES(mutex_) { return stopping_ || is_wanted_; });
  }
  is_wanted_ = true;
  return !stopping_;
}

void IssuerKeys::Run() {
  while (WaitUntilDue()) {
    auto keys = FetchKeys(runtime_, provider_);
    if (!keys.ok()) {
      base::LogWarn("oidc: the keys of {} are not read: {}", provider_.issuer,
                    keys.status().message());
    }
    const base::MutexLock lock(mutex_);
    if (keys.ok()) keys_ = std::make_shared<const KeySet>(*std::move(keys));
    is_wanted_ = false;
    read_at_ = steady_clock::now();
  }
}

}  // namespace spandrel::extensions
