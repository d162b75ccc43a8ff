// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "endpoints/authenticator.h"
#include "endpoints/digest.h"
#include "endpoints/watched_file.h"

namespace spandrel::endpoints {

// Who shows one of its tokens.
struct BearerIdentity {
  Identity identity;
  std::string token;  // this one,
  std::string file;   // or those of a file
};

struct BearerOptions {
  std::string scheme = "Bearer";         // empty: the header is the token
  std::string header = "authorization";  // lower case
  std::string token;                     // this one,
  std::vector<std::string> tokens = {};  // or these,
  std::string file;                      // or those of a file, one a line; all of them may do all
  std::vector<BearerIdentity> identities = {};  // whose tokens name them
};

// The tokens in the text of a file: what stands in its lines, without the spaces around it.
// INVALID_ARGUMENT when there is none or there are more than 1,000.
base::Result<std::vector<std::string>> ParseTokens(std::string_view text);

// Whoever shows a known token (RFC 6750). A file is read again when it has changed; one that cannot
// be read, or has no token, leaves in force what was read before.
class BearerAuthenticator final : public ServerAuthenticator {
 public:
  // INVALID_ARGUMENT names the file that cannot be used.
  static base::Result<std::shared_ptr<ServerAuthenticator>> Make(BearerOptions options);

  base::Result<Identity> Authenticate(const net::Headers& headers) override;
  std::string Challenge() const override;
  net::Headers CredentialsFor(const SignIn& typed) const override;

 private:
  // The tokens that are one's.
  struct Holder {
    Identity identity;
    std::vector<Digest> tokens;
    std::optional<WatchedFile> file;  // of the tokens
  };

  explicit BearerAuthenticator(BearerOptions options);
  void AddHolder(Identity identity, const std::vector<std::string>& tokens, const std::string& file)
      SPANDREL_REQUIRES(mutex_);
  static base::Status Load(Holder* holder);
  static void ReloadIfChanged(Holder* holder);

  const BearerOptions options_;
  base::Mutex mutex_;
  std::vector<Holder> holders_ SPANDREL_GUARDED_BY(mutex_);
};

}  // namespace spandrel::endpoints
