// SPDX-License-Identifier: Apache-2.0
#include "api/http/login_sessions.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/hex.h"

namespace spandrel::api {
namespace {

constexpr size_t kMaxSessions = 1'000;
constexpr std::chrono::hours kMaxIdle{8};
constexpr std::chrono::hours kMaxAge{24};

}  // namespace

std::string Sessions::Begin(net::Headers credentials) {
  const endpoints::Digest random = endpoints::NewSecret();
  std::string secret =
      base::HexEncode({reinterpret_cast<const char*>(random.data()), random.size()});
  const TimePoint now = clock_.NowSteady();
  const base::MutexLock lock(mutex_);
  MakeRoom(now);
  sessions_.insert_or_assign(endpoints::DigestOf(secret),
                             Session{std::move(credentials), now, now});
  return secret;
}

void Sessions::MakeRoom(TimePoint now) {
  std::erase_if(sessions_, [now](const auto& entry) {
    return now - entry.second.used > kMaxIdle || now - entry.second.begun > kMaxAge;
  });
  if (sessions_.size() < kMaxSessions) return;
  sessions_.erase(
      std::min_element(sessions_.begin(), sessions_.end(),
                       [](const auto& a, const auto& b) { return a.second.used < b.second.used; }));
}

std::optional<net::Headers> Sessions::Find(std::string_view secret) {
  const endpoints::Digest digest = endpoints::DigestOf(secret);
  const TimePoint now = clock_.NowSteady();
  const base::MutexLock lock(mutex_);
  const auto found = sessions_.find(digest);
  if (found == sessions_.end()) return std::nullopt;
  Session& session = found->second;
  if (now - session.used > kMaxIdle || now - session.begun > kMaxAge) {
    sessions_.erase(found);
    return std::nullopt;
  }
  session.used = now;
  return session.credentials;
}

void Sessions::End(std::string_view secret) {
  const endpoints::Digest digest = endpoints::DigestOf(secret);
  const base::MutexLock lock(mutex_);
  sessions_.erase(digest);
}

std::string CookieName(std::string_view base, const net::Request& request) {
  const size_t colon = request.authority.rfind(':');
  std::string port;
  if (colon != std::string::npos) port = request.authority.substr(colon + 1);
  const bool is_port = !port.empty() && port.find_first_not_of("0123456789") == std::string::npos;
  return is_port ? fmt::format("{}_{}", base, port) : std::string(base);
}

std::string_view CookieOf(const net::Request& request, std::string_view name) {
  for (const auto& [header, value] : request.headers) {
    if (header != "cookie") continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const size_t end = std::min(rest.find(';'), rest.size());
      std::string_view pair = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      while (pair.starts_with(' ')) pair.remove_prefix(1);
      if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) {
        return pair.substr(name.size() + 1);
      }
    }
  }
  return {};
}

std::string SessionCookieName(const net::Request& request) {
  return CookieName("spandrel_session", request);
}

std::string_view SessionSecretOf(const net::Request& request) {
  return CookieOf(request, SessionCookieName(request));
}

std::string SessionCookie(const net::Request& request, std::string_view secret, bool is_encrypted,
                          std::string_view more) {
  return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict{}{}", SessionCookieName(request),
                     secret, is_encrypted ? "; Secure" : "", more);
}

}  // namespace spandrel::api
