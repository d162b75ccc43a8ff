// SPDX-License-Identifier: Apache-2.0
#include "endpoints/tenant.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spandrel::endpoints {
namespace {

using base::StatusCode;

net::Request With(net::Headers headers) {
  net::Request request;
  request.headers = std::move(headers);
  return request;
}

TEST(NamedTenantTest, IsWhatTheHeaderSays) {
  EXPECT_EQ(*NamedTenant(With({{"accept", "x"}, {"x-scope-orgid", "Team-1_a.b"}})), "Team-1_a.b");
  const std::string longest(150, 'a');
  EXPECT_EQ(*NamedTenant(With({{"x-scope-orgid", longest}})), longest);
  EXPECT_EQ(*NamedTenant(With({{"x-scope-orgid", "a"}, {"x-scope-orgid", "a"}})), "a");
}

TEST(NamedTenantTest, IsEmptyWhenNobodyIsNamed) {
  EXPECT_EQ(*NamedTenant(With({})), "");
  EXPECT_EQ(*NamedTenant(With({{"x-scope-orgid", ""}})), "");
}

TEST(NamedTenantTest, IsRefusedWhenItIsNoName) {
  for (const std::string& wrong :
       {std::string(151, 'a'), std::string("a b"), std::string("a/b"), std::string("a|b"),
        std::string("."), std::string(".."), std::string("\xc3\xa4"), std::string("a\0b", 3)}) {
    const auto tenant = NamedTenant(With({{"x-scope-orgid", wrong}}));
    EXPECT_EQ(tenant.status().code(), StatusCode::kInvalidArgument) << wrong;
  }
}

TEST(NamedTenantTest, IsRefusedWhenThereAreTwo) {
  const auto tenant = NamedTenant(With({{"x-scope-orgid", "a"}, {"x-scope-orgid", "b"}}));
  EXPECT_EQ(tenant.status().code(), StatusCode::kInvalidArgument);
}

TEST(TenantsOfTest, AreThoseBetweenBarsEachOnce) {
  const auto tenants = TenantsOf(With({{"x-scope-orgid", "red|blue|red"}}), {});
  EXPECT_THAT(*tenants, testing::ElementsAre("blue", "red"));
  EXPECT_THAT(*TenantsOf(With({{"x-scope-orgid", "red"}}), {"blue", "red"}),
              testing::ElementsAre("red"));
  EXPECT_THAT(*TenantsOf(With({}), {"blue"}), testing::ElementsAre("blue"));
  EXPECT_THAT(*TenantsOf(With({}), {}), testing::IsEmpty());
}

TEST(TenantsOfTest, AreRefusedWhenOneIsNotAllowed) {
  for (const char* named : {"blue|red", "red|blue", "red"}) {
    const auto tenants = TenantsOf(With({{"x-scope-orgid", named}}), {"blue", "green"});
    EXPECT_EQ(tenants.status().code(), StatusCode::kPermissionDenied) << named;
  }
}

TEST(TenantsOfTest, AreRefusedWhenOneIsNoName) {
  std::string many = "a";
  for (int i = 0; i < 100; ++i) many += "|a";
  for (const std::string& wrong : {std::string("|"), std::string("a|"), std::string("|a"),
                                   std::string("a||b"), std::string("a|b c"), many}) {
    const auto tenants = TenantsOf(With({{"x-scope-orgid", wrong}}), {});
    EXPECT_EQ(tenants.status().code(), StatusCode::kInvalidArgument) << wrong;
  }
  const auto none = TenantsOf(With({}), {"blue", "red"});
  EXPECT_EQ(none.status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace spandrel::endpoints
