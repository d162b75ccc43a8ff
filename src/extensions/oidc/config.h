// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/decode.h"
#include "endpoints/access.h"
#include "endpoints/http_url.h"
#include "net/socket/tls.h"
#include "pipeline/component.h"

namespace spandrel::extensions {

// How people sign in on the issuer's page: this server as a client of the issuer.
struct OidcSignIn {
  std::string client_id;
  config::Secret client_secret;  // empty: a public client
  std::string redirect_url;      // where browsers come back to; empty: by the name they ask
  std::vector<std::string> scopes = {"openid"};
};

// Whose tokens are believed, and what is read of them.
struct OidcProvider {
  std::string issuer;  // as it stands in the tokens
  endpoints::HttpUrl url;
  net::ClientTls tls;                      // of the connections to it
  std::string audience;                    // empty: any; the client's id is one too
  std::string username_claim;              // empty: `sub`
  std::string groups_claim;                // empty: none
  std::string tenants_claim;               // empty: `access` alone says which tenants
  std::optional<OidcSignIn> sign_in = {};  // nothing: tokens come from elsewhere
};

struct OidcConfig : pipeline::ConfigBase {
  std::string attribute = "authorization";  // the header, in lower case
  std::vector<OidcProvider> providers;      // at least one
  endpoints::AccessRules access;            // by group
};

// `issuer_url`, `audience`, `ignore_audience`, `issuer_ca_path`, `username_claim`, `groups_claim`,
// `tenants_claim`, `sign_in` of one issuer, or a list of such under `providers`; `attribute`,
// `access`.
std::shared_ptr<const OidcConfig> DecodeOidcConfig(config::Decoder& decoder);

}  // namespace spandrel::extensions
