// SPDX-License-Identifier: Apache-2.0
#include "endpoints/basic_authenticator.h"

#include <optional>
#include <utility>

#include "base/base64.h"

namespace spandrel::endpoints {
namespace {

using base::Status;
using base::StatusCode;

constexpr std::chrono::milliseconds kBusyRetry{1'000};

struct Login {
  std::string user;
  std::string password;
};

Status WrongLogin() {
  return {StatusCode::kUnauthenticated, "the user or the password is wrong"};
}

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

Status BasicAuthenticator::CheckSlowly(const std::string& user, const std::string& password) {
  if (!slow_mutex_.TryLock()) {
    return Status::Unavailable("another login is being checked", kBusyRetry);
  }
  const bool is_right = passwords_.Verify(user, password);
  slow_mutex_.Unlock();
  if (!is_right) return WrongLogin();
  const base::MutexLock lock(mutex_);
  right_.insert_or_assign(user, DigestOf(password));
  return {};
}

base::Result<Identity> BasicAuthenticator::Authenticate(const net::Headers& headers) {
  const auto login = LoginOf(headers);
  if (!login) return Status(StatusCode::kUnauthenticated, "a user and a password are needed");
  if (!passwords_.IsSlow(login->user)) {
    if (!passwords_.Verify(login->user, login->password)) return WrongLogin();
  } else if (!WasRight(login->user, DigestOf(login->password))) {
    SPANDREL_RETURN_IF_ERROR(CheckSlowly(login->user, login->password));
  }
  return Identity{login->user};
}

}  // namespace spandrel::endpoints
