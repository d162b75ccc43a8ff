// SPDX-License-Identifier: Apache-2.0
#include "endpoints/access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "config/document.h"
#include "endpoints/auth_config.h"
#include "endpoints/tenant.h"

namespace spandrel::endpoints {
namespace {

using base::StatusCode;
using ::testing::HasSubstr;

AccessRules Rules(const std::string& yaml, config::Problems* problems) {
  auto document = config::ParseYaml(yaml, "test.yaml", problems);
  EXPECT_TRUE(document.ok()) << problems->ToString();
  config::Decoder decoder(document->root, problems);
  return DecodeAccessRules(decoder);
}

std::string ErrorsOf(const std::string& yaml) {
  config::Problems problems;
  Rules(yaml, &problems);
  return problems.ToString();
}

TEST(AccessTest, ReadsWhoMayDoWhat) {
  config::Problems problems;
  const AccessRules rules = Rules(R"(
access:
  ann: {roles: [read, administer]}
  shop: {roles: [send], tenants: [shop, shop-test]}
  "*": {roles: [read], tenants: [demo]}
)",
                                  &problems);
  EXPECT_EQ(problems.ToString(), "");
  const Access ann = rules.Of({"ann"});
  EXPECT_TRUE(ann.Has(Role::kRead) && ann.Has(Role::kAdminister) && !ann.Has(Role::kSend));
  EXPECT_TRUE(ann.tenants.empty());
  EXPECT_EQ(rules.Of({"shop"}).tenants, (std::vector<std::string>{"shop", "shop-test"}));
  EXPECT_EQ(rules.Of({"eve"}).tenants, std::vector<std::string>{"demo"});
  EXPECT_EQ(rules.Of({}).tenants, std::vector<std::string>{"demo"});
  const Access both = rules.Of({"shop", "ann"});
  EXPECT_EQ(both.roles, kEveryRole);
  EXPECT_TRUE(both.tenants.empty()) << "one of them may name any";
}

TEST(AccessTest, WithoutRulesEverybodyMayDoEverythingWithThemOnlyTheNamed) {
  EXPECT_EQ(AccessRules().Of({"ann"}), Access());
  config::Problems problems;
  const AccessRules rules = Rules("access: {ann: {roles: [send]}}", &problems);
  EXPECT_EQ(rules.Of({"eve"}).roles, 0);
}

TEST(AccessTest, WhatCannotBeMeantIsRefused) {
  EXPECT_THAT(ErrorsOf("access: {ann: {roles: [reed]}}"), HasSubstr("test.yaml:1:23: access::ann"));
  EXPECT_THAT(ErrorsOf("access: {ann: {roles: []}}"), HasSubstr("nobody"));
  EXPECT_THAT(ErrorsOf("access: {ann: {tenants: []}}"), HasSubstr("any tenant"));
  EXPECT_THAT(ErrorsOf("access: {ann: {tenants: ['a/b']}}"), HasSubstr("'a/b'"));
  EXPECT_THAT(ErrorsOf("access: {ann: {role: [read]}}"), HasSubstr("role"));
  EXPECT_THAT(ErrorsOf("access: {}"), HasSubstr("names nobody"));
  EXPECT_THAT(ErrorsOf("access:"), HasSubstr("names nobody"));
  EXPECT_NE(ErrorsOf("access: [ann]"), "");
}

TEST(AccessTest, ATokenMayNameWhoseItIs) {
  config::Problems problems;
  auto document = config::ParseYaml(R"(
identities:
  - {name: shop, token: s3nd, roles: [send], tenants: [shop]}
  - {name: page, token: r3ad, roles: [read]}
)",
                                    "test.yaml", &problems);
  config::Decoder decoder(document->root, &problems);
  const auto tokens = BearerAuthenticator::Make(DecodeBearerOptions(decoder));
  ASSERT_TRUE(tokens.ok()) << tokens.status().ToString();
  EXPECT_EQ(problems.ToString(), "");
  const auto shop = (*tokens)->Authenticate({{"authorization", "Bearer s3nd"}});
  ASSERT_TRUE(shop.ok());
  EXPECT_EQ(shop->name, "shop");
  EXPECT_TRUE(shop->access.Has(Role::kSend));
  EXPECT_FALSE(shop->access.Has(Role::kRead));
  EXPECT_EQ(shop->access.tenants, std::vector<std::string>{"shop"});
  EXPECT_FALSE((*tokens)->Authenticate({{"authorization", "Bearer other"}}).ok());
  EXPECT_EQ((*tokens)->CredentialsFor({"", "r3ad"}),
            (net::Headers{{"authorization", "Bearer r3ad"}}));
  EXPECT_TRUE((*tokens)->CredentialsFor({"ann", "r3ad"}).empty());
}

TEST(TenantOfTest, TheLoginDecidesWhoseItMayBe) {
  net::Request request;
  EXPECT_EQ(*TenantOf(request, {}), "");
  EXPECT_EQ(*TenantOf(request, {"blue"}), "blue");
  EXPECT_EQ(TenantOf(request, {"blue", "red"}).status().code(), StatusCode::kInvalidArgument);
  request.headers = {{"x-scope-orgid", "red"}};
  EXPECT_EQ(*TenantOf(request, {}), "red");
  EXPECT_EQ(*TenantOf(request, {"blue", "red"}), "red");
  EXPECT_EQ(TenantOf(request, {"blue"}).status().code(), StatusCode::kPermissionDenied);
}

}  // namespace
}  // namespace spandrel::endpoints
