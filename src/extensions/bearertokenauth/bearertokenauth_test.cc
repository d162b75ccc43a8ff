// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "endpoints/authenticator.h"
#include "extensions/bearertokenauth/bearer_credentials.h"
#include "extensions/factories.h"
#include "extensions/testing/make.h"

namespace spandrel::extensions {
namespace {

using endpoints::ClientAuthenticator;
using endpoints::ServerAuthenticator;
using ::testing::HasSubstr;

net::Headers Shown(ClientAuthenticator& client) {
  net::Headers headers;
  client.Authorize(&headers);
  return headers;
}

std::string Errors(const std::string& yaml) {
  return ErrorsOf(MakeBearerTokenAuthFactory(), yaml);
}

TEST(BearerTokenAuthTest, ShowsTheFirstTokenAndTakesAll) {
  const auto extension = MakeExtension(MakeBearerTokenAuthFactory(), "tokens: [new, old]");
  const auto server = std::dynamic_pointer_cast<ServerAuthenticator>(extension);
  const auto client = std::dynamic_pointer_cast<ClientAuthenticator>(extension);
  ASSERT_NE(server, nullptr);
  ASSERT_NE(client, nullptr);
  EXPECT_EQ(Shown(*client), (net::Headers{{"authorization", "Bearer new"}}));
  EXPECT_TRUE(server->Authenticate(Shown(*client)).ok());
  EXPECT_TRUE(server->Authenticate({{"authorization", "Bearer old"}}).ok());
  EXPECT_FALSE(server->Authenticate({{"authorization", "Bearer other"}}).ok());
}

TEST(BearerTokenAuthTest, AnotherHeaderWithoutAScheme) {
  const auto extension =
      MakeExtension(MakeBearerTokenAuthFactory(), "{token: t0ken, scheme: '', header: X-Api-Key}");
  const auto client = std::dynamic_pointer_cast<ClientAuthenticator>(extension);
  EXPECT_EQ(Shown(*client), (net::Headers{{"x-api-key", "t0ken"}}));
  const auto server = std::dynamic_pointer_cast<ServerAuthenticator>(extension);
  EXPECT_TRUE(server->Authenticate({{"x-api-key", "t0ken"}}).ok());
}

TEST(BearerTokenAuthTest, NeedsOneSourceOfTokens) {
  EXPECT_THAT(Errors("{}"), HasSubstr("either 'token'"));
  EXPECT_THAT(Errors("{token: a, tokens: [b]}"), HasSubstr("either 'token'"));
  EXPECT_THAT(Errors("{token: a, filename: b}"), HasSubstr("either 'token'"));
  EXPECT_THAT(Errors("{token: a, skeme: b}"), HasSubstr("unknown key 'skeme'"));
}

TEST(BearerCredentialsTest, TheFileIsReadAgain) {
  char path[] = "/tmp/spandrel-token-XXXXXX";
  close(mkstemp(path));
  ManualClock clock;
  endpoints::BearerOptions options;
  options.file = path;
  EXPECT_THAT(BearerCredentials::Make(options, clock).status().message(), HasSubstr("no token"));
  std::ofstream(path) << "first\nsecond\n";
  const auto made = BearerCredentials::Make(options, clock);
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  EXPECT_EQ(net::FindHeader(Shown(**made), "authorization"), "Bearer first");
  std::ofstream(path) << "changed\n";
  clock.now += std::chrono::seconds(1);
  EXPECT_EQ(net::FindHeader(Shown(**made), "authorization"), "Bearer changed");
  std::remove(path);
  clock.now += std::chrono::seconds(1);
  EXPECT_EQ(net::FindHeader(Shown(**made), "authorization"), "Bearer changed");
}

}  // namespace
}  // namespace spandrel::extensions
