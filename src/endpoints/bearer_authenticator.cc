// SPDX-License-Identifier: Apache-2.0
#include "endpoints/bearer_authenticator.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <fstream>
#include <utility>

#include "base/log.h"
#include "base/mutex.h"

namespace spandrel::endpoints {
namespace {

using base::Status;
using base::StatusCode;

constexpr std::chrono::seconds kLookInterval{1};
constexpr size_t kMaxTokens = 1'000;

std::string Trimmed(const std::string& line) {
  const size_t first = line.find_first_not_of(" \t\r");
  if (first == std::string::npos) return {};
  return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

base::Result<std::vector<Digest>> ReadTokens(const std::string& path) {
  std::ifstream file(path);
  const auto invalid = [&path](std::string_view why) {
    return Status(StatusCode::kInvalidArgument, fmt::format("{}: {}", path, why));
  };
  if (!file) return invalid("cannot be read");
  std::vector<Digest> tokens;
  for (std::string line; std::getline(file, line);) {
    const std::string token = Trimmed(line);
    if (!token.empty()) tokens.push_back(DigestOf(token));
    if (tokens.size() > kMaxTokens) return invalid("too many tokens");
  }
  if (tokens.empty()) return invalid("no token in it");
  return tokens;
}

}  // namespace

base::Result<std::shared_ptr<ServerAuthenticator>> BearerAuthenticator::Make(
    BearerOptions options) {
  std::shared_ptr<BearerAuthenticator> made(new BearerAuthenticator(std::move(options)));
  const base::MutexLock lock(made->mutex_);
  if (made->options_.file.empty()) {
    made->tokens_ = {DigestOf(made->options_.token)};
  } else {
    made->file_ = made->LookAtFile();
    SPANDREL_RETURN_IF_ERROR(made->Load());
  }
  return std::shared_ptr<ServerAuthenticator>(made);
}

Status BearerAuthenticator::Load() {
  auto tokens = ReadTokens(options_.file);
  if (!tokens.ok()) return tokens.status();
  tokens_ = std::move(*tokens);
  return {};
}

BearerAuthenticator::FileState BearerAuthenticator::LookAtFile() const {
  struct stat found {};
  if (stat(options_.file.c_str(), &found) != 0) return {};
  return {found.st_mtim, found.st_size, found.st_ino};
}

void BearerAuthenticator::ReloadIfChanged() {
  const auto now = std::chrono::steady_clock::now();
  if (options_.file.empty() || now - looked_at_ < kLookInterval) return;
  looked_at_ = now;
  const FileState state = LookAtFile();
  const bool same = state.size == file_.size && state.inode == file_.inode &&
                    state.changed.tv_sec == file_.changed.tv_sec &&
                    state.changed.tv_nsec == file_.changed.tv_nsec;
  if (same) return;
  file_ = state;
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
