// SPDX-License-Identifier: Apache-2.0
#include "endpoints/basic_authenticator.h"

#include <optional>
#include <utility>

#include "base/base64.h"
#include "base/mutex.h"

namespace spandrel::endpoints {
namespace {

using base::Status;
using base::StatusCode;

constexpr std::chrono::milliseconds kBusyRetry{1'000};

struct Login {
  std::string user;
  std::string password;
};

std::optional<Login> LoginOf(const net::Headers& headers) {
  const std::string_view sent = CredentialsOf(net::FindHeader(headers, "authorization"), "basic");
  const auto decoded = base::Base64Decode(sent);
  if (sent.empty() || !decoded) return std::nullopt;
  const size_t colon = decoded->find(':');
  if (colon == std::string::npos) return std::nullopt;
  return Login{decoded->substr(0, colon), decoded->substr(colon + 1)};
}

}  // namespace

bool BasicAuthenticator::WasRight(const std::string& user, const Digest& password) {
  const base::MutexLock lock(mutex_);
  const auto found = right_.find(user);
  return found != right_.end() && SameDigest(found->second, password);
}

base::Result<Identity> BasicAuthenticator::Authenticate(const net::Headers& headers) {
  const auto login = LoginOf(headers);
  if (!login) return Status(StatusCode::kUnauthenticated, "a user and a password are needed");
  const Status wrong(StatusCode::kUnauthenticated, "the user or the password is wrong");
  if (!passwords_.IsSlow(login->user)) {
    if (!passwords_.Verify(login->user, login->password)) return wrong;
    return Identity{login->user};
  }
  const Digest digest = DigestOf(login->password);
  if (WasRight(login->user, digest)) return Identity{login->user};
  if (!slow_mutex_.TryLock()) {
    return Status::Unavailable("another login is being checked", kBusyRetry);
  }
  const bool right = passwords_.Verify(login->user, login->password);
  if (right) {
    const base::MutexLock lock(mutex_);
    right_.insert_or_assign(login->user, digest);
  }
  slow_mutex_.Unlock();
  if (!right) return wrong;
  return Identity{login->user};
}

}  // namespace spandrel::endpoints
