// SPDX-License-Identifier: Apache-2.0
#include "endpoints/auth_config.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "endpoints/tls_settings.h"

namespace spandrel::endpoints {
namespace {

using config::Decoder;

std::optional<BasicAuthConfig> DecodeBasic(Decoder& auth) {
  const bool written = auth.Has("basic");
  Decoder block = auth.Child("basic");
  Decoder htpasswd = block.Child("htpasswd");
  AccessRules access = DecodeAccessRules(block);
  if (!written) return std::nullopt;
  BasicAuthConfig config = DecodeHtpasswd(htpasswd);
  config.access = std::move(access);
  return config;
}

std::optional<BearerOptions> DecodeBearer(Decoder& auth) {
  const bool written = auth.Has("bearer");
  Decoder block = auth.Child("bearer");
  if (!written) return std::nullopt;
  return DecodeBearerOptions(block);
}

bool IsHeaderName(std::string_view name) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";  // RFC 9110's tokens
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || kOthers.find(c) != kOthers.npos;
  });
}

// What could not be sent or would be another header.
bool HasControls(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

void CheckBearerTexts(Decoder& block, const BearerOptions& options) {
  if (!IsHeaderName(options.header)) block.Error("header", "not a name of a header");
  if (HasControls(options.scheme)) block.Error("scheme", "control characters cannot be sent");
  if (HasControls(options.token)) block.Error("token", "control characters cannot be sent");
  for (const std::string& token : options.tokens) {
    if (token.empty()) block.Error("tokens", "an empty token would let everybody in");
    if (HasControls(token)) block.Error("tokens", "control characters cannot be sent");
  }
}

}  // namespace

BasicAuthConfig DecodeHtpasswd(Decoder& htpasswd) {
  BasicAuthConfig config;
  config::Secret text;
  htpasswd.Read("file", &config.file);
  htpasswd.Read("inline", &text);
  config.inline_text = std::move(text.value);
  if (config.file.empty() && config.inline_text.empty()) {
    htpasswd.Error("", "'htpasswd' needs 'file', 'inline' or both");
  }
  return config;
}

namespace {

BearerIdentity DecodeBearerIdentity(Decoder& item) {
  BearerIdentity one;
  config::Secret token;
  item.Read("name", &one.identity.name);
  item.Read("token", &token);
  item.Read("filename", &one.file);
  one.identity.access = DecodeAccess(item);
  one.token = std::move(token.value);
  if (one.identity.name.empty()) item.Error("", "'name' says whose tokens these are");
  if (one.token.empty() == one.file.empty()) item.Error("", "write either 'token' or 'filename'");
  if (HasControls(one.token)) item.Error("token", "control characters cannot be sent");
  return one;
}

}  // namespace

BearerOptions DecodeBearerOptions(Decoder& bearer) {
  BearerOptions options;
  config::Secret token;
  bearer.Read("token", &token);
  bearer.Read("tokens", &options.tokens);
  bearer.Read("filename", &options.file);
  bearer.Read("scheme", &options.scheme);
  bearer.Read("header", &options.header);
  options.token = std::move(token.value);
  options.header = base::LowerCase(options.header);
  const int sources = static_cast<int>(!options.token.empty()) +
                      static_cast<int>(!options.tokens.empty()) +
                      static_cast<int>(!options.file.empty());
  for (Decoder& item : bearer.Children("identities")) {
    options.identities.push_back(DecodeBearerIdentity(item));
  }
  if (sources > 1 || (sources == 0 && options.identities.empty())) {
    bearer.Error("", "write either 'token', 'tokens' or 'filename', or 'identities'");
  }
  CheckBearerTexts(bearer, options);
  return options;
}

std::optional<AuthConfig> DecodeAuth(Decoder& listener) {
  const bool written = listener.Has("auth");
  Decoder block = listener.Child("auth");
  RejectKey(block, "request_params", "credentials are taken from headers only");
  AuthConfig config{DecodeBasic(block), DecodeBearer(block),
                    config::ReadReference(block, "authenticator")};
  if (!written) return std::nullopt;
  const bool in_place = config.basic || config.bearer;
  if (config.authenticator.id.empty() && !in_place) {
    block.Error("", "'auth' needs 'authenticator', 'basic' or 'bearer'");
  } else if (!config.authenticator.id.empty() && in_place) {
    block.Error("authenticator", "the extension asks alone; leave out 'basic' and 'bearer'");
  }
  return config;
}

config::Reference DecodeClientAuth(Decoder& client) {
  const bool written = client.Has("auth");
  Decoder block = client.Child("auth");
  config::Reference authenticator = config::ReadReference(block, "authenticator");
  if (written && authenticator.id.empty()) {
    block.Error("", "'auth' needs 'authenticator', the id of an extension");
  }
  return authenticator;
}

base::Result<std::shared_ptr<ServerAuthenticator>> MakeAuthenticator(const AuthConfig& config) {
  std::vector<std::shared_ptr<ServerAuthenticator>> choices;
  if (config.basic) {
    auto basic = BasicAuthenticator::Make(*config.basic);
    if (!basic.ok()) return basic.status();
    choices.push_back(*std::move(basic));
  }
  if (config.bearer) {
    auto bearer = BearerAuthenticator::Make(*config.bearer);
    if (!bearer.ok()) return bearer.status();
    choices.push_back(*std::move(bearer));
  }
  if (choices.size() == 1) return choices.front();
  return std::shared_ptr<ServerAuthenticator>(
      std::make_shared<AnyAuthenticator>(std::move(choices)));
}

}  // namespace spandrel::endpoints
