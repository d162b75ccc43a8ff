// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/status.h"
#include "config/decode.h"
#include "config/reference.h"
#include "endpoints/authenticator.h"
#include "endpoints/basic_authenticator.h"
#include "endpoints/bearer_authenticator.h"

namespace spandrel::endpoints {

// Who may ask: whom an extension lets in, or else one of the ways that are written in place; one of
// several is enough.
struct AuthConfig {
  std::optional<BasicAuthConfig> basic;
  std::optional<BearerOptions> bearer;
  config::Reference authenticator = {};
};

// `auth:` of a listener: `authenticator: <id of an extension>`, or `basic: {htpasswd: {file,
// inline}}` and `bearer: {token, tokens, filename, scheme, header}`. Nothing when it is not
// written; problems go to `listener`.
std::optional<AuthConfig> DecodeAuth(config::Decoder& listener);

// `auth: {authenticator: <id of an extension>}` of a client; no id when it is not written.
config::Reference DecodeClientAuth(config::Decoder& client);

// What the Collector's extensions basicauth and bearertokenauth read: `file` and `inline` of the
// block that `htpasswd` stands on; `token`, `tokens`, `filename`, `scheme` and `header` of
// `bearer`. Problems go to the block.
BasicAuthConfig DecodeHtpasswd(config::Decoder& htpasswd);
BearerOptions DecodeBearerOptions(config::Decoder& bearer);

// Of what is written in place. Reads the files; a failure names the file.
base::Result<std::shared_ptr<ServerAuthenticator>> MakeAuthenticator(const AuthConfig& config);

}  // namespace spandrel::endpoints
