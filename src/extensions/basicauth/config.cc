// SPDX-License-Identifier: Apache-2.0
#include "extensions/basicauth/config.h"

#include <utility>

#include "endpoints/auth_config.h"
#include "endpoints/authenticator.h"
#include "endpoints/client_authenticator.h"
#include "endpoints/tls_settings.h"

namespace spandrel::extensions {
namespace {

using config::Decoder;

BasicLogin DecodeLogin(Decoder& block) {
  BasicLogin login;
  config::Secret password;
  block.Read("username", &login.user.text);
  block.Read("username_file", &login.user.file);
  block.Read("password", &password);
  block.Read("password_file", &login.password.file);
  login.password.text = std::move(password.value);
  endpoints::RejectKey(block, "aws_secrets_manager", "use 'username_file' and 'password_file'");
  if (!login.user.is_written()) block.Error("", "'client_auth' needs 'username' or a file of it");
  if (!login.password.is_written()) {
    block.Error("", "'client_auth' needs 'password' or a file of it");
  }
  if (login.user.text.find(':') != std::string::npos) {
    block.Error("username", "a name with a colon cannot be told from its password");
  }
  return login;
}

}  // namespace

std::string_view BasicAuthExtensionConfig::lacks(std::string_view interface_name) const {
  const bool for_servers = interface_name == endpoints::ServerAuthenticator::kInterfaceName;
  if (for_servers && !htpasswd) return "it has 'client_auth' and no 'htpasswd'";
  const bool for_clients = interface_name == endpoints::ClientAuthenticator::kInterfaceName;
  if (for_clients && !client_auth) return "it has 'htpasswd' and no 'client_auth'";
  return {};
}

std::shared_ptr<const BasicAuthExtensionConfig> DecodeBasicAuthExtensionConfig(Decoder& decoder) {
  auto config = std::make_shared<BasicAuthExtensionConfig>();
  const bool has_server = decoder.Has("htpasswd");
  const bool has_client = decoder.Has("client_auth");
  Decoder htpasswd = decoder.Child("htpasswd");
  Decoder client = decoder.Child("client_auth");
  endpoints::AccessRules access = endpoints::DecodeAccessRules(decoder);
  if (!access.empty() && !has_server) decoder.Error("access", "'access' is of users of 'htpasswd'");
  if (has_server) {
    config->htpasswd = endpoints::DecodeHtpasswd(htpasswd);
    config->htpasswd->access = std::move(access);
  }
  if (has_client) config->client_auth = DecodeLogin(client);
  if (has_server == has_client) {
    decoder.Error("", "write either 'htpasswd', for servers, or 'client_auth', for clients");
  }
  return config;
}

}  // namespace spandrel::extensions
