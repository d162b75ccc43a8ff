// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "base/status.h"
#include "config/reference.h"
#include "endpoints/client_authenticator.h"
#include "net/grpc/grpc_channel.h"
#include "pipeline/component.h"

// `auth: {authenticator: ...}` of exporters to a network: the extension that logs in at the peer.
namespace spandrel::exporters {

// Of a configuration, for ConfigBase::extension_uses.
std::vector<pipeline::ExtensionUse> LoginUses(const config::Reference& authenticator);

// What the configuration names; null when it names nothing.
base::Result<std::shared_ptr<endpoints::ClientAuthenticator>> FindLogin(
    const pipeline::ComponentContext& context, const config::Reference& authenticator);

// `channel` with the login in every call.
base::Result<net::GrpcChannelOptions> WithLogin(net::GrpcChannelOptions channel,
                                                const pipeline::ComponentContext& context,
                                                const config::Reference& authenticator);

}  // namespace spandrel::exporters
