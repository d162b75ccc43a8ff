// SPDX-License-Identifier: Apache-2.0
#include "extensions/oidc/config.h"

#include <algorithm>
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

// Codes and tokens go through the browser to this address.
void CheckRedirectUrl(Decoder& decoder, const std::string& url) {
  if (url.empty()) return;
  const auto parsed = endpoints::ParseHttpUrl(url);
  if (!parsed.ok()) return decoder.Error("redirect_url", parsed.status().message());
  if (parsed->plaintext && !endpoints::IsLoopbackName(parsed->endpoint.host)) {
    decoder.Error("redirect_url", "would be asked in plain text; use https://");
  }
}

std::optional<OidcSignIn> DecodeSignIn(Decoder& decoder) {
  if (!decoder.Has("sign_in")) return std::nullopt;
  Decoder block = decoder.Child("sign_in");
  OidcSignIn sign_in;
  block.Read("client_id", &sign_in.client_id);
  if (sign_in.client_id.empty()) block.Error("client_id", "'client_id' is required");
  block.Read("client_secret", &sign_in.client_secret);
  block.Read("redirect_url", &sign_in.redirect_url);
  CheckRedirectUrl(block, sign_in.redirect_url);
  block.Read("scopes", &sign_in.scopes);
  const auto& scopes = sign_in.scopes;
  if (std::find(scopes.begin(), scopes.end(), "openid") == scopes.end()) {
    block.Error("scopes", "without 'openid' the issuer gives no token that says who signed in");
  }
  return sign_in;
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
  provider.sign_in = DecodeSignIn(decoder);
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
