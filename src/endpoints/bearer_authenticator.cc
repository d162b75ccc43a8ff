// SPDX-License-Identifier: Apache-2.0
#include "endpoints/bearer_authenticator.h"

#include <fmt/core.h>

#include <utility>

#include "base/ascii.h"
#include "base/log.h"
#include "base/mutex.h"

namespace spandrel::endpoints {
namespace {

using base::Status;
using base::StatusCode;

constexpr size_t kMaxTokens = 1'000;

}  // namespace

base::Result<std::vector<std::string>> ParseTokens(std::string_view text) {
  std::vector<std::string> tokens;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view token = base::Trim(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!token.empty()) tokens.emplace_back(token);
    if (tokens.size() > kMaxTokens) return Status(StatusCode::kInvalidArgument, "too many tokens");
  }
  if (tokens.empty()) return Status(StatusCode::kInvalidArgument, "no token in it");
  return tokens;
}

BearerAuthenticator::BearerAuthenticator(BearerOptions options) : options_(std::move(options)) {}

void BearerAuthenticator::AddHolder(Identity identity, const std::vector<std::string>& tokens,
                                    const std::string& file) {
  Holder& holder = holders_.emplace_back();
  holder.identity = std::move(identity);
  for (const std::string& token : tokens) holder.tokens.push_back(DigestOf(token));
  if (!file.empty()) holder.file.emplace(file);
}

base::Result<std::shared_ptr<ServerAuthenticator>> BearerAuthenticator::Make(
    BearerOptions options) {
  std::shared_ptr<BearerAuthenticator> made(new BearerAuthenticator(std::move(options)));
  const BearerOptions& own = made->options_;
  const base::MutexLock lock(made->mutex_);
  made->holders_.reserve(own.identities.size() + 1);
  std::vector<std::string> nameless = own.tokens;
  if (!own.token.empty()) nameless.push_back(own.token);
  made->AddHolder({}, nameless, own.file);
  for (const BearerIdentity& one : own.identities) {
    std::vector<std::string> tokens;
    if (!one.token.empty()) tokens.push_back(one.token);
    made->AddHolder(one.identity, tokens, one.file);
  }
  for (Holder& holder : made->holders_) {
    if (holder.file) SPANDREL_RETURN_IF_ERROR(Load(&holder));
  }
  return std::shared_ptr<ServerAuthenticator>(made);
}

Status BearerAuthenticator::Load(Holder* holder) {
  const auto text = holder->file->Read();
  if (!text.ok()) return text.status();
  const auto tokens = ParseTokens(*text);
  if (!tokens.ok()) return tokens.status().Annotate(holder->file->path());
  holder->tokens.clear();
  for (const std::string& token : *tokens) holder->tokens.push_back(DigestOf(token));
  return {};
}

void BearerAuthenticator::ReloadIfChanged(Holder* holder) {
  if (!holder->file || !holder->file->HasChanged()) return;
  const Status status = Load(holder);
  if (!status.ok()) base::LogWarn("tokens stay as they were: {}", status.message());
}

base::Result<Identity> BearerAuthenticator::Authenticate(const net::Headers& headers) {
  const std::string_view sent =
      CredentialsOf(net::FindHeader(headers, options_.header), options_.scheme);
  if (sent.empty()) return Status(StatusCode::kUnauthenticated, "a token is needed");
  const Digest digest = DigestOf(sent);
  const base::MutexLock lock(mutex_);
  const Holder* known = nullptr;
  // All are compared, so that the time does not tell which came near.
  for (Holder& holder : holders_) {
    ReloadIfChanged(&holder);
    for (const Digest& token : holder.tokens) {
      if (SameDigest(token, digest)) known = &holder;
    }
  }
  if (known == nullptr) return Status(StatusCode::kUnauthenticated, "the token is not known");
  return known->identity;
}

std::string BearerAuthenticator::Challenge() const {
  const std::string& scheme = options_.scheme.empty() ? "Bearer" : options_.scheme;
  return fmt::format("{} realm=\"spandrel\"", scheme);
}

net::Headers BearerAuthenticator::CredentialsFor(const SignIn& typed) const {
  if (!typed.is_token()) return {};
  const std::string scheme = options_.scheme.empty() ? "" : options_.scheme + " ";
  return {{options_.header, net::CleanHeaderValue(scheme + typed.secret)}};
}

}  // namespace spandrel::endpoints
