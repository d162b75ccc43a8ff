// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "config/decode.h"
#include "endpoints/basic_authenticator.h"
#include "pipeline/component.h"

namespace spandrel::extensions {

// A text that stands in the configuration, or in a file of its own.
struct TextSource {
  std::string text;
  std::string file;  // wins

  bool is_written() const { return !text.empty() || !file.empty(); }
};

// What a client shows.
struct BasicLogin {
  TextSource user;
  TextSource password;
};

// Exactly one of the two is there.
struct BasicAuthExtensionConfig : pipeline::ConfigBase {
  std::optional<endpoints::BasicAuthConfig> htpasswd;  // for servers
  std::optional<BasicLogin> client_auth;               // for clients

  std::string_view lacks(std::string_view interface_name) const override;
};

// `htpasswd: {file, inline}` or `client_auth: {username, username_file, password, password_file}`.
std::shared_ptr<const BasicAuthExtensionConfig> DecodeBasicAuthExtensionConfig(
    config::Decoder& decoder);

}  // namespace spandrel::extensions
