// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/status.h"
#include "config/decode.h"
#include "endpoints/authenticator.h"
#include "endpoints/bearer_authenticator.h"

namespace spandrel::endpoints {

struct BasicAuthConfig {
  std::string file;         // of `htpasswd`
  std::string inline_text;  // more of it
};

// Who may ask; one of several ways is enough.
struct AuthConfig {
  std::optional<BasicAuthConfig> basic;
  std::optional<BearerOptions> bearer;
};

// `auth:` of a listener: `basic: {htpasswd: {file, inline}}` and `bearer: {token, filename, scheme,
// header}`, with the keys of the Collector's extensions basicauth and bearertokenauth. Nothing when
// it is not written; problems go to `listener`.
std::optional<AuthConfig> DecodeAuth(config::Decoder& listener);

// Reads the files. A failure names the file.
base::Result<std::shared_ptr<ServerAuthenticator>> MakeAuthenticator(const AuthConfig& config);

}  // namespace spandrel::endpoints
