// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/decode.h"
#include "endpoints/access.h"
#include "endpoints/http_url.h"
#include "net/socket/tls.h"
#include "pipeline/component.h"

namespace spandrel::extensions {

// Whose tokens are believed, and what is read of them.
struct OidcProvider {
  std::string issuer;  // as it stands in the tokens
  endpoints::HttpUrl url;
  net::ClientTls tls;          // of the connections to it
  std::string audience;        // empty: any
  std::string username_claim;  // empty: `sub`
  std::string groups_claim;    // empty: none
  std::string tenants_claim;   // empty: `access` alone says which tenants
};

struct OidcConfig : pipeline::ConfigBase {
  std::string attribute = "authorization";  // the header, in lower case
  std::vector<OidcProvider> providers;      // at least one
  endpoints::AccessRules access;            // by group
};

// `issuer_url`, `audience`, `ignore_audience`, `issuer_ca_path`, `username_claim`, `groups_claim`,
// `tenants_claim` of one issuer, or a list of such under `providers`; `attribute`, `access`.
std::shared_ptr<const OidcConfig> DecodeOidcConfig(config::Decoder& decoder);

}  // namespace spandrel::extensions
