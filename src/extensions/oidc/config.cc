// SPDX-License-Identifier: Apache-2.0
#include "extensions/oidc/config.h"

#include <set>
#include <utility>

#include "base/ascii.h"
#include "endpoints/host_names.h"
#include "endpoints/tls_settings.h"

namespace spandrel::extensions {
namespace {

using config::Decoder;

void DecodeIssuer(Decoder& decoder, OidcProvider* provider) {
  decoder.Read("issuer_url", &provider->issuer);
  if (provider->issuer.empty()) return decoder.Error("issuer_url", "'issuer_url' is required");
  auto url = endpoints::ParseHttpUrl(provider->issuer);
  if (!url.ok()) return decoder.Error("issuer_url", url.status().message());
  provider->url = *std::move(url);
  while (provider->url.target.ends_with('/')) provider->url.target.pop_back();
  provider->tls.insecure = provider->url.plaintext;
  if (provider->url.plaintext && !endpoints::IsLoopbackName(provider->url.endpoint.host)) {
    decoder.Error("issuer_url", "whose keys come in plain text can be replaced; use https://");
  }
}

OidcProvider DecodeProvider(Decoder& decoder) {
  OidcProvider provider;
  DecodeIssuer(decoder, &provider);
  bool ignore_audience = false;
  decoder.Read("audience", &provider.audience);
  decoder.Read("ignore_audience", &ignore_audience);
  if (provider.audience.empty() && !ignore_audience) {
    decoder.Error("audience", "'audience' is required: tokens for others would let in");
  }
  if (ignore_audience) provider.audience.clear();
  provider.tls.ca_file = endpoints::DecodeAuthorities(decoder, "issuer_ca_path", {}).file;
  decoder.Read("username_claim", &provider.username_claim);
  decoder.Read("groups_claim", &provider.groups_claim);
  decoder.Read("tenants_claim", &provider.tenants_claim);
  endpoints::RejectKey(decoder, "public_keys_file", "keys are read from the issuer");
  return provider;
}

void DecodeProviders(Decoder& decoder, OidcConfig* config) {
  const bool has_list = decoder.Has("providers");
  const bool has_one = decoder.Has("issuer_url");
  if (has_list == has_one) decoder.Error("", "write either 'issuer_url' or 'providers'");
  if (!has_list) return config->providers.push_back(DecodeProvider(decoder));
  std::set<std::string> issuers;
  for (Decoder& item : decoder.Children("providers")) {
    OidcProvider provider = DecodeProvider(item);
    if (!issuers.insert(provider.issuer).second) item.Error("issuer_url", "is there twice");
    config->providers.push_back(std::move(provider));
  }
  if (config->providers.empty()) decoder.Error("providers", "names no issuer");
}

}  // namespace

std::shared_ptr<const OidcConfig> DecodeOidcConfig(Decoder& decoder) {
  auto config = std::make_shared<OidcConfig>();
  decoder.Read("attribute", &config->attribute);
  config->attribute = base::LowerCase(config->attribute);
  if (config->attribute.empty()) decoder.Error("attribute", "names no header");
  config->access = endpoints::DecodeAccessRules(decoder);
  DecodeProviders(decoder, config.get());
  return config;
}

}  // namespace spandrel::extensions
