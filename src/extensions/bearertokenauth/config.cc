// SPDX-License-Identifier: Apache-2.0
#include "extensions/bearertokenauth/config.h"

#include "endpoints/auth_config.h"
#include "endpoints/client_authenticator.h"

namespace spandrel::extensions {

std::string_view BearerTokenAuthConfig::lacks(std::string_view interface_name) const {
  const bool shows = !bearer.token.empty() || !bearer.tokens.empty() || !bearer.file.empty();
  const bool for_clients = interface_name == endpoints::ClientAuthenticator::kInterfaceName;
  return for_clients && !shows ? "it has 'identities' alone, which are for servers" : "";
}

std::shared_ptr<const BearerTokenAuthConfig> DecodeBearerTokenAuthConfig(config::Decoder& decoder) {
  auto config = std::make_shared<BearerTokenAuthConfig>();
  config->bearer = endpoints::DecodeBearerOptions(decoder);
  return config;
}

}  // namespace spandrel::extensions
