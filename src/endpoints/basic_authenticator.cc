// SPDX-License-Identifier: Apache-2.0
#include "endpoints/basic_authenticator.h"

#include <optional>
#include <utility>

#include "base/base64.h"
#include "base/log.h"

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

Status TooManyWrong(std::chrono::milliseconds wait) {
  Status status(StatusCode::kResourceExhausted, "too many wrong passwords; try again later");
  status.set_retry_after(wait);
  return status;
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

base::Result<std::shared_ptr<ServerAuthenticator>> BasicAuthenticator::Make(
    BasicAuthConfig config) {
  std::shared_ptr<BasicAuthenticator> made(new BasicAuthenticator(std::move(config)));
  const base::MutexLock lock(made->mutex_);
  SPANDREL_RETURN_IF_ERROR(made->Load());
  return std::shared_ptr<ServerAuthenticator>(made);
}

Status BasicAuthenticator::Load() {
  std::string text;
  if (file_) {
    auto content = file_->Read();
    if (!content.ok()) return content.status();
    text = *std::move(content) + "\n";
  }
  auto passwords = PasswordFile::Parse(text + config_.inline_text);
  if (!passwords.ok()) return passwords.status().Annotate(file_ ? config_.file : "htpasswd");
  passwords_ = std::make_shared<const PasswordFile>(*std::move(passwords));
  right_.clear();
  return {};
}

BasicAuthenticator::Passwords BasicAuthenticator::Current() {
  const base::MutexLock lock(mutex_);
  if (file_ && file_->HasChanged()) {
    const Status status = Load();
    if (!status.ok()) base::LogWarn("passwords stay as they were: {}", status.message());
  }
  return passwords_;
}

bool BasicAuthenticator::WasRight(const std::string& user, const Digest& password) {
  const base::MutexLock lock(mutex_);
  const auto found = right_.find(user);
  return found != right_.end() && SameDigest(found->second, password);
}

base::Result<bool> BasicAuthenticator::Verify(const PasswordFile& passwords,
                                              const std::string& user,
                                              const std::string& password) {
  if (!passwords.IsSlow(user)) return passwords.Verify(user, password);
  if (!slow_mutex_.TryLock()) {
    return Status::Unavailable("another login is being checked", kBusyRetry);
  }
  const bool is_right = passwords.Verify(user, password);
  slow_mutex_.Unlock();
  return is_right;
}

Status BasicAuthenticator::CheckAnew(const Passwords& passwords, const std::string& user,
                                     const std::string& password) {
  LoginPace& pace = passwords->Has(user) ? users_pace_ : strangers_pace_;
  if (const auto wait = pace.WaitOf(user); wait.count() > 0) return TooManyWrong(wait);
  const auto is_right = Verify(*passwords, user, password);
  if (!is_right.ok()) return is_right.status();
  if (!*is_right) {
    pace.NoteWrong(user);
    return WrongLogin();
  }
  pace.NoteRight(user);
  const base::MutexLock lock(mutex_);
  if (passwords == passwords_) right_.insert_or_assign(user, DigestOf(password));
  return {};
}

base::Result<Identity> BasicAuthenticator::Authenticate(const net::Headers& headers) {
  const auto login = LoginOf(headers);
  if (!login) return Status(StatusCode::kUnauthenticated, "a user and a password are needed");
  const Passwords passwords = Current();
  if (!WasRight(login->user, DigestOf(login->password))) {
    SPANDREL_RETURN_IF_ERROR(CheckAnew(passwords, login->user, login->password));
  }
  return Identity{login->user, config_.access.Of({login->user})};
}

net::Headers BasicAuthenticator::CredentialsFor(const SignIn& typed) const {
  // A colon would end the name.
  if (typed.is_token() || typed.user.find(':') != std::string::npos) return {};
  return {{"authorization", "Basic " + base::Base64Encode(typed.user + ":" + typed.secret)}};
}

}  // namespace spandrel::endpoints
