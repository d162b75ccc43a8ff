// SPDX-License-Identifier: Apache-2.0
#include "extensions/oidc/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/document.h"

namespace spandrel::extensions {
namespace {

using ::testing::HasSubstr;

std::string ProblemsOf(const std::string& yaml, std::shared_ptr<const OidcConfig>* config) {
  config::Problems problems;
  auto document = config::ParseYaml(yaml, "test.yaml", &problems);
  EXPECT_TRUE(document.ok()) << problems.ToString();
  {
    config::Decoder decoder(document->root, &problems);
    *config = DecodeOidcConfig(decoder);
  }
  return problems.ToString();
}

std::string ProblemsOf(const std::string& yaml) {
  std::shared_ptr<const OidcConfig> config;
  return ProblemsOf(yaml, &config);
}

TEST(OidcConfigTest, ReadsOneIssuerOrSeveral) {
  std::shared_ptr<const OidcConfig> config;
  EXPECT_EQ(ProblemsOf(R"(
attribute: Authorization
issuer_url: https://id.example/realms/a/
audience: spandrel
username_claim: email
groups_claim: groups
tenants_claim: tenants
access: {ops: {roles: [administer]}}
)",
                       &config),
            "");
  EXPECT_EQ(config->attribute, "authorization");
  ASSERT_EQ(config->providers.size(), 1U);
  EXPECT_EQ(config->providers[0].url.target, "/realms/a");
  EXPECT_EQ(config->providers[0].url.endpoint.port, 443);
  EXPECT_TRUE(config->access.Of({"ops"}).Has(endpoints::Role::kAdminister));
  EXPECT_EQ(ProblemsOf(R"(
providers:
  - {issuer_url: "https://a.example", audience: x}
  - {issuer_url: "http://localhost:1", ignore_audience: true}
)",
                       &config),
            "");
  EXPECT_EQ(config->providers.size(), 2U);
}

TEST(OidcConfigTest, SigningInOnTheIssuersPage) {
  const auto with = [](const std::string& sign_in) {
    return "{issuer_url: 'https://a', audience: x, sign_in: " + sign_in + "}";
  };
  std::shared_ptr<const OidcConfig> config;
  EXPECT_EQ(
      ProblemsOf(with("{client_id: page, client_secret: s, scopes: [openid, email]}"), &config),
      "");
  EXPECT_EQ(config->providers[0].sign_in->client_id, "page");
  EXPECT_EQ(config->providers[0].sign_in->scopes.size(), 2U);
  EXPECT_EQ(ProblemsOf("{issuer_url: 'https://a', audience: x}", &config), "");
  EXPECT_FALSE(config->providers[0].sign_in);
  EXPECT_THAT(ProblemsOf(with("{}")), HasSubstr("'client_id' is required"));
  EXPECT_THAT(ProblemsOf(with("{client_id: p, scopes: [email]}")), HasSubstr("without 'openid'"));
  EXPECT_THAT(ProblemsOf(with("{client_id: p, redirect_url: 'http://h.example/x'}")),
              HasSubstr("plain text"));
  EXPECT_THAT(ProblemsOf(with("{client_id: p, redirect_url: nowhere}")), HasSubstr("not a URL"));
}

TEST(OidcConfigTest, WhatWouldLetInOthersIsRefused) {
  EXPECT_THAT(ProblemsOf("{}"), HasSubstr("either 'issuer_url' or 'providers'"));
  EXPECT_THAT(ProblemsOf("issuer_url: https://a"), HasSubstr("'audience' is required"));
  EXPECT_THAT(ProblemsOf("{issuer_url: 'http://a.example', audience: x}"),
              HasSubstr("test.yaml:1:14: issuer_url: whose keys come in plain text"));
  EXPECT_THAT(ProblemsOf("{issuer_url: 'ftp://a', audience: x}"), HasSubstr("not a URL"));
  EXPECT_THAT(ProblemsOf("{issuer_url: 'https://a', audience: x, issuer_ca_path: /no.pem}"),
              HasSubstr("issuer_ca_path: certificate authorities /no.pem"));
  EXPECT_THAT(ProblemsOf("{issuer_url: 'https://a', audience: x, public_keys_file: k}"),
              HasSubstr("not supported"));
  EXPECT_THAT(ProblemsOf("providers: []"), HasSubstr("names no issuer"));
  EXPECT_THAT(ProblemsOf("providers: [{issuer_url: 'https://a', audience: x}, "
                         "{issuer_url: 'https://a', audience: y}]"),
              HasSubstr("twice"));
}

}  // namespace
}  // namespace spandrel::extensions
