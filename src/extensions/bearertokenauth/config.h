// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "config/decode.h"
#include "endpoints/bearer_authenticator.h"
#include "pipeline/component.h"

namespace spandrel::extensions {

struct BearerTokenAuthConfig : pipeline::ConfigBase {
  endpoints::BearerOptions bearer;

  std::string_view lacks(std::string_view interface_name) const override;
};

// One of `token`, `tokens` and `filename`, or `identities`; `scheme`, `header`.
std::shared_ptr<const BearerTokenAuthConfig> DecodeBearerTokenAuthConfig(config::Decoder& decoder);

}  // namespace spandrel::extensions
