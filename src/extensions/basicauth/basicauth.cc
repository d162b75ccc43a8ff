// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <utility>

#include "endpoints/basic_authenticator.h"
#include "endpoints/client_authenticator.h"
#include "extensions/basicauth/basic_credentials.h"
#include "extensions/basicauth/config.h"
#include "extensions/factories.h"
#include "extensions/passive_extension.h"

namespace spandrel::extensions {
namespace {

using endpoints::ClientAuthenticator;
using endpoints::ServerAuthenticator;

class BasicAuthServer final : public PassiveExtension, public ServerAuthenticator {
 public:
  explicit BasicAuthServer(std::shared_ptr<ServerAuthenticator> users) : users_(std::move(users)) {}

  base::Result<endpoints::Identity> Authenticate(const net::Headers& headers) override {
    return users_->Authenticate(headers);
  }
  std::string Challenge() const override { return users_->Challenge(); }
  net::Headers CredentialsFor(const endpoints::SignIn& typed) const override {
    return users_->CredentialsFor(typed);
  }

 private:
  const std::shared_ptr<ServerAuthenticator> users_;
};

class BasicAuthClient final : public PassiveExtension, public ClientAuthenticator {
 public:
  explicit BasicAuthClient(std::shared_ptr<ClientAuthenticator> login) : login_(std::move(login)) {}

  void Authorize(net::Headers* headers) override { login_->Authorize(headers); }

 private:
  const std::shared_ptr<ClientAuthenticator> login_;
};

base::Result<std::unique_ptr<pipeline::Extension>> Make(const BasicAuthExtensionConfig& config) {
  if (config.htpasswd) {
    auto users = endpoints::BasicAuthenticator::Make(*config.htpasswd);
    if (!users.ok()) return users.status();
    return std::unique_ptr<pipeline::Extension>(
        std::make_unique<BasicAuthServer>(*std::move(users)));
  }
  auto login = BasicCredentials::Make(*config.client_auth);
  if (!login.ok()) return login.status();
  return std::unique_ptr<pipeline::Extension>(std::make_unique<BasicAuthClient>(*std::move(login)));
}

}  // namespace

pipeline::ExtensionFactory MakeBasicAuthFactory() {
  pipeline::ExtensionFactory factory;
  factory.info = {"basicauth", {}, "beta", "Users and passwords, for servers or for clients."};
  factory.decode = DecodeBasicAuthExtensionConfig;
  factory.create = [](const pipeline::ComponentContext&,
                      std::shared_ptr<const pipeline::ConfigBase> config) {
    return Make(static_cast<const BasicAuthExtensionConfig&>(*config));
  };
  factory.provides = {ServerAuthenticator::kInterfaceName, ClientAuthenticator::kInterfaceName};
  return factory;
}

}  // namespace spandrel::extensions
