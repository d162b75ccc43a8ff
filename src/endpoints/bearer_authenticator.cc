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

BearerAuthenticator::BearerAuthenticator(BearerOptions options) : options_(std::move(options)) {
  if (!options_.file.empty()) file_.emplace(options_.file);
  if (!options_.token.empty()) tokens_.push_back(DigestOf(options_.token));
  for (const std::string& token : options_.tokens) tokens_.push_back(DigestOf(token));
}

base::Result<std::shared_ptr<ServerAuthenticator>> BearerAuthenticator::Make(
    BearerOptions options) {
  std::shared_ptr<BearerAuthenticator> made(new BearerAuthenticator(std::move(options)));
  const base::MutexLock lock(made->mutex_);
  if (made->file_) SPANDREL_RETURN_IF_ERROR(made->Load());
  return std::shared_ptr<ServerAuthenticator>(made);
}

Status BearerAuthenticator::Load() {
  const auto text = file_->Read();
  if (!text.ok()) return text.status();
  const auto tokens = ParseTokens(*text);
  if (!tokens.ok()) return tokens.status().Annotate(file_->path());
  tokens_.clear();
  for (const std::string& token : *tokens) tokens_.push_back(DigestOf(token));
  return {};
}

void BearerAuthenticator::ReloadIfChanged() {
  if (!file_ || !file_->HasChanged()) return;
  const Status status = Load();
  if (!status.ok()) base::LogWarn("tokens stay as they were: {}", status.message());
}

base::Result<Identity> BearerAuthenticator::Authenticate(const net::Headers& headers) {
  const std::string_view sent =
      CredentialsOf(net::FindHeader(headers, options_.header), options_.scheme);
  if (sent.empty()) return Status(StatusCode::kUnauthenticated, "a token is needed");
  const Digest digest = DigestOf(sent);
  const base::MutexLock lock(mutex_);
  ReloadIfChanged();
  bool known = false;
  // All are compared, so that the time does not tell which came near.
  for (const Digest& token : tokens_) known |= SameDigest(token, digest);
  if (!known) return Status(StatusCode::kUnauthenticated, "the token is not known");
  return Identity{};
}

std::string BearerAuthenticator::Challenge() const {
  const std::string& scheme = options_.scheme.empty() ? "Bearer" : options_.scheme;
  return fmt::format("{} realm=\"spandrel\"", scheme);
}

}  // namespace spandrel::endpoints
