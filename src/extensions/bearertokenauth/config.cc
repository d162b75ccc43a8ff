// SPDX-License-Identifier: Apache-2.0
#include "extensions/bearertokenauth/config.h"

#include "endpoints/auth_config.h"

namespace spandrel::extensions {

std::shared_ptr<const BearerTokenAuthConfig> DecodeBearerTokenAuthConfig(config::Decoder& decoder) {
  auto config = std::make_shared<BearerTokenAuthConfig>();
  config->bearer = endpoints::DecodeBearerOptions(decoder);
  return config;
}

}  // namespace spandrel::extensions
