// SPDX-License-Identifier: Apache-2.0
#include "extensions/basicauth/basic_credentials.h"

#include <utility>

#include "base/ascii.h"
#include "base/base64.h"
#include "base/log.h"

namespace spandrel::extensions {
namespace {

using base::Status;
using base::StatusCode;

}  // namespace

WatchedText::WatchedText(TextSource source, const base::Clock& clock)
    : text_(std::move(source.text)) {
  if (!source.file.empty()) file_.emplace(std::move(source.file), clock);
}

Status WatchedText::Load() {
  if (!file_) return {};
  const auto content = file_->Read();
  if (!content.ok()) return content.status();
  std::string text(base::Trim(*content));
  if (text.empty()) return {StatusCode::kInvalidArgument, file_->path() + ": nothing in it"};
  text_ = std::move(text);
  return {};
}

BasicCredentials::BasicCredentials(BasicLogin login, const base::Clock& clock)
    : user_(std::move(login.user), clock), password_(std::move(login.password), clock) {}

base::Result<std::shared_ptr<BasicCredentials>> BasicCredentials::Make(BasicLogin login,
                                                                       const base::Clock& clock) {
  std::shared_ptr<BasicCredentials> made(new BasicCredentials(std::move(login), clock));
  const base::MutexLock lock(made->mutex_);
  SPANDREL_RETURN_IF_ERROR(made->Load());
  return made;
}

Status BasicCredentials::Load() {
  SPANDREL_RETURN_IF_ERROR(user_.Load());
  SPANDREL_RETURN_IF_ERROR(password_.Load());
  if (user_.text().find(':') != std::string::npos) {
    return {StatusCode::kInvalidArgument,
            "a user's name with a colon cannot be told from its password"};
  }
  value_ = "Basic " + base::Base64Encode(user_.text() + ":" + password_.text());
  return {};
}

void BasicCredentials::Authorize(net::Headers* headers) {
  const base::MutexLock lock(mutex_);
  const bool user_changed = user_.HasChanged();
  if (password_.HasChanged() || user_changed) {
    const Status status = Load();
    if (!status.ok()) base::LogWarn("the login stays as it was: {}", status.message());
  }
  endpoints::ReplaceHeader(headers, "authorization", value_);
}

}  // namespace spandrel::extensions
