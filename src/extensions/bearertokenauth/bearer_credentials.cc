// SPDX-License-Identifier: Apache-2.0
#include "extensions/bearertokenauth/bearer_credentials.h"

#include "base/log.h"

namespace spandrel::extensions {
namespace {

using base::Status;

std::string FirstToken(const endpoints::BearerOptions& options) {
  return options.tokens.empty() ? options.token : options.tokens.front();
}

}  // namespace

BearerCredentials::BearerCredentials(const endpoints::BearerOptions& options,
                                     const base::Clock& clock)
    : header_(options.header),
      scheme_(options.scheme.empty() ? "" : options.scheme + " "),
      token_(FirstToken(options)) {
  if (!options.file.empty()) file_.emplace(options.file, clock);
}

base::Result<std::shared_ptr<BearerCredentials>> BearerCredentials::Make(
    const endpoints::BearerOptions& options, const base::Clock& clock) {
  std::shared_ptr<BearerCredentials> made(new BearerCredentials(options, clock));
  const base::MutexLock lock(made->mutex_);
  if (made->file_) SPANDREL_RETURN_IF_ERROR(made->Load());
  return made;
}

Status BearerCredentials::Load() {
  const auto text = file_->Read();
  if (!text.ok()) return text.status();
  auto tokens = endpoints::ParseTokens(*text);
  if (!tokens.ok()) return tokens.status().Annotate(file_->path());
  token_ = std::move(tokens->front());
  return {};
}

void BearerCredentials::Authorize(net::Headers* headers) {
  const base::MutexLock lock(mutex_);
  if (file_ && file_->HasChanged()) {
    const Status status = Load();
    if (!status.ok()) base::LogWarn("the token stays as it was: {}", status.message());
  }
  endpoints::ReplaceHeader(headers, header_, scheme_ + token_);
}

}  // namespace spandrel::extensions
