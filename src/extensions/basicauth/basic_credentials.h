// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/status.h"
#include "endpoints/client_authenticator.h"
#include "endpoints/watched_file.h"
#include "extensions/basicauth/config.h"

namespace spandrel::extensions {

// A text that may change with its file.
class WatchedText {
 public:
  explicit WatchedText(TextSource source, const base::Clock& clock);

  // INVALID_ARGUMENT names the file that cannot be read or is empty; the text stays as it was then.
  base::Status Load();
  bool HasChanged() { return file_ && file_->HasChanged(); }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::optional<endpoints::WatchedFile> file_;
};

// A user and a password that a client shows (RFC 7617). Files are read again when they have
// changed; one that cannot be used leaves in force what was read before.
class BasicCredentials final : public endpoints::ClientAuthenticator {
 public:
  static base::Result<std::shared_ptr<BasicCredentials>> Make(
      BasicLogin login, const base::Clock& clock = base::SystemClock());

  void Authorize(net::Headers* headers) override;

 private:
  BasicCredentials(BasicLogin login, const base::Clock& clock);
  base::Status Load() SPANDREL_REQUIRES(mutex_);

  base::Mutex mutex_;
  WatchedText user_ SPANDREL_GUARDED_BY(mutex_);
  WatchedText password_ SPANDREL_GUARDED_BY(mutex_);
  std::string value_ SPANDREL_GUARDED_BY(mutex_);  // of the header
};

}  // namespace spandrel::extensions
