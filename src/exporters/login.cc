// SPDX-License-Identifier: Apache-2.0
#include "exporters/login.h"

#include <utility>

#include "pipeline/extensions.h"

namespace spandrel::exporters {

using endpoints::ClientAuthenticator;

std::vector<pipeline::ExtensionUse> LoginUses(const config::Reference& authenticator) {
  if (authenticator.id.empty()) return {};
  return {pipeline::UseAs<ClientAuthenticator>(authenticator)};
}

base::Result<std::shared_ptr<ClientAuthenticator>> FindLogin(
    const pipeline::ComponentContext& context, const config::Reference& authenticator) {
  return pipeline::FindNamed<ClientAuthenticator>(context, authenticator);
}

base::Result<net::GrpcChannelOptions> WithLogin(net::GrpcChannelOptions channel,
                                                const pipeline::ComponentContext& context,
                                                const config::Reference& authenticator) {
  auto login = FindLogin(context, authenticator);
  if (!login.ok()) return login.status();
  if (*login != nullptr) {
    channel.authorize = [login = *std::move(login)](net::Headers* headers) {
      login->Authorize(headers);
    };
  }
  return channel;
}

}  // namespace spandrel::exporters
