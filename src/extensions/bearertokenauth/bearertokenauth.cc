// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <utility>

#include "endpoints/bearer_authenticator.h"
#include "endpoints/client_authenticator.h"
#include "extensions/bearertokenauth/bearer_credentials.h"
#include "extensions/bearertokenauth/config.h"
#include "extensions/factories.h"
#include "extensions/passive_extension.h"

namespace spandrel::extensions {
namespace {

using endpoints::ClientAuthenticator;
using endpoints::ServerAuthenticator;

// The same tokens, to ask for and to show.
class BearerTokenAuth final : public PassiveExtension,
                              public ServerAuthenticator,
                              public ClientAuthenticator {
 public:
  BearerTokenAuth(std::shared_ptr<ServerAuthenticator> server,
                  std::shared_ptr<ClientAuthenticator> client)
      : server_(std::move(server)), client_(std::move(client)) {}

  base::Result<endpoints::Identity> Authenticate(const net::Headers& headers) override {
    return server_->Authenticate(headers);
  }
  std::string Challenge() const override { return server_->Challenge(); }
  net::Headers CredentialsFor(const endpoints::SignIn& typed) const override {
    return server_->CredentialsFor(typed);
  }
  void Authorize(net::Headers* headers) override { client_->Authorize(headers); }

 private:
  const std::shared_ptr<ServerAuthenticator> server_;
  const std::shared_ptr<ClientAuthenticator> client_;
};

base::Result<std::unique_ptr<pipeline::Extension>> Make(const endpoints::BearerOptions& options) {
  auto server = endpoints::BearerAuthenticator::Make(options);
  if (!server.ok()) return server.status();
  // Of identities alone it shows nothing, and is no client authenticator (BearerTokenAuthConfig).
  auto client = BearerCredentials::Make(options);
  if (!client.ok()) return client.status();
  return std::unique_ptr<pipeline::Extension>(
      std::make_unique<BearerTokenAuth>(*std::move(server), *std::move(client)));
}

}  // namespace

pipeline::ExtensionFactory MakeBearerTokenAuthFactory() {
  pipeline::ExtensionFactory factory;
  factory.info = {"bearertokenauth", {}, "beta", "Tokens, for servers and for clients."};
  factory.decode = DecodeBearerTokenAuthConfig;
  factory.create = [](const pipeline::ComponentContext&,
                      std::shared_ptr<const pipeline::ConfigBase> config) {
    return Make(static_cast<const BearerTokenAuthConfig&>(*config).bearer);
  };
  factory.provides = {ServerAuthenticator::kInterfaceName, ClientAuthenticator::kInterfaceName};
  return factory;
}

}  // namespace spandrel::extensions
