// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "base/base64.h"
#include "endpoints/auth_config.h"
#include "endpoints/password_file.h"

namespace spandrel::endpoints {
namespace {

using base::Status;
using base::StatusCode;
using ::testing::HasSubstr;

// Of "open sesame".
constexpr const char* kBcrypt = "$2y$05$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW";

net::Headers Basic(const std::string& login) {
  return {{"authorization", "Basic " + base::Base64Encode(login)}};
}

base::Result<Identity> Ask(ServerAuthenticator& authenticator, const net::Headers& headers) {
  return authenticator.Authenticate(headers);
}

std::shared_ptr<ServerAuthenticator> Make(const AuthConfig& config) {
  auto made = MakeAuthenticator(config);
  EXPECT_TRUE(made.ok()) << made.status().ToString();
  return *std::move(made);
}

TEST(PasswordFileTest, KindsOfHashes) {
  const auto file = PasswordFile::Parse(
      "# users\n"
      "plain:open sesame\r\n"
      "\n"
      "sha:{SHA}W8r/fyL/UzygmbNAjq2HbA67qac=\n"
      "sha512:$6$salt$Y6g9DOGvmKi.rUZj4wYRsu81e/"
      "xiQjZOHDVgZQsASfa8nA3EvFKBHUDMWxS2ICbOEloc1kersS3PKn8yosbNh1\n");
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  for (const char* user : {"plain", "sha", "sha512"}) {
    EXPECT_TRUE(file->Verify(user, "open sesame")) << user;
    EXPECT_FALSE(file->Verify(user, "open barley")) << user;
    EXPECT_FALSE(file->Verify(user, "")) << user;
  }
  EXPECT_FALSE(file->Verify("nobody", "open sesame"));
  EXPECT_TRUE(file->IsSlow("sha512"));
  EXPECT_FALSE(file->IsSlow("plain"));
}

TEST(PasswordFileTest, WhatIsNotUnderstoodIsRefusedByLine) {
  EXPECT_THAT(PasswordFile::Parse("a:b\nnothing").status().message(), HasSubstr("line 2"));
  EXPECT_THAT(PasswordFile::Parse("a:$apr1$x$y").status().message(), HasSubstr("unknown kind"));
  EXPECT_FALSE(PasswordFile::Parse("a:{SHA}short").ok());
  EXPECT_FALSE(PasswordFile::Parse("a:").ok());
  EXPECT_FALSE(PasswordFile::Parse("# nobody\n").ok());
}

TEST(BasicAuthTest, TellsWhoAsks) {
  const auto basic = Make({BasicAuthConfig{"", std::string("ann:secret\nbob:") + kBcrypt}, {}});
  EXPECT_EQ(Ask(*basic, Basic("ann:secret"))->name, "ann");
  const auto bob = Ask(*basic, Basic("bob:open sesame"));
  ASSERT_TRUE(bob.ok()) << bob.status().ToString();
  EXPECT_EQ(bob->name, "bob");
  EXPECT_EQ(Ask(*basic, Basic("bob:open sesame"))->name, "bob") << "the second time, by memory";
  EXPECT_EQ(Ask(*basic, Basic("bob:wrong")).status().code(), StatusCode::kUnauthenticated);
  EXPECT_EQ(Ask(*basic, Basic("eve:secret")).status().code(), StatusCode::kUnauthenticated);
  EXPECT_EQ(Ask(*basic, {}).status().code(), StatusCode::kUnauthenticated);
  EXPECT_FALSE(Ask(*basic, Basic("no colon")).ok());
  EXPECT_FALSE(Ask(*basic, {{"authorization", "Basic !!!"}}).ok());
  EXPECT_FALSE(Ask(*basic, {{"authorization", "Bearer ann:secret"}}).ok());
  EXPECT_THAT(basic->Challenge(), HasSubstr("Basic realm="));
}

TEST(BasicAuthTest, GuessesAreSlowedDown) {
  const auto basic = Make({BasicAuthConfig{"", std::string("ann:secret\nbob:") + kBcrypt}, {}});
  EXPECT_TRUE(Ask(*basic, Basic("ann:secret")).ok());
  for (const std::string user : {"ann", "bob", "eve"}) {
    for (int i = 0; i < 5; ++i) {
      EXPECT_EQ(Ask(*basic, Basic(user + ":wrong")).status().code(), StatusCode::kUnauthenticated);
    }
    const Status next = Ask(*basic, Basic(user + ":open sesame")).status();
    EXPECT_EQ(next.code(), StatusCode::kResourceExhausted) << user;
    EXPECT_TRUE(next.retry_after()) << user;
  }
  EXPECT_TRUE(Ask(*basic, Basic("ann:secret")).ok()) << "was right before";
}

TEST(BearerAuthTest, OneToken) {
  BearerOptions options;
  options.token = "t0ken";
  const auto bearer = Make({{}, options});
  EXPECT_TRUE(Ask(*bearer, {{"authorization", "bearer t0ken"}}).ok());
  EXPECT_FALSE(Ask(*bearer, {{"authorization", "Bearer t0ke"}}).ok());
  EXPECT_FALSE(Ask(*bearer, {{"authorization", "t0ken"}}).ok());
  EXPECT_EQ(Ask(*bearer, {}).status().code(), StatusCode::kUnauthenticated);
  options.scheme = "";
  options.header = "x-key";
  EXPECT_TRUE(Ask(*Make({{}, options}), {{"x-key", "t0ken"}}).ok());
}

TEST(BearerAuthTest, AFileOfTokensIsReadAgain) {
  char path[] = "/tmp/spandrel-tokens-XXXXXX";
  close(mkstemp(path));
  BearerOptions options;
  options.file = path;
  EXPECT_THAT(MakeAuthenticator({{}, options}).status().message(), HasSubstr("no token"));
  std::ofstream(path) << "one\ntwo\n";
  const auto bearer = Make({{}, options});
  EXPECT_TRUE(Ask(*bearer, {{"authorization", "Bearer two"}}).ok());
  std::remove(path);
  EXPECT_FALSE(MakeAuthenticator({{}, options}).ok());
  EXPECT_TRUE(Ask(*bearer, {{"authorization", "Bearer two"}}).ok());
}

TEST(BearerAuthTest, SeveralTokens) {
  BearerOptions options;
  options.tokens = {"one", "two"};
  const auto bearer = Make({{}, options});
  EXPECT_TRUE(Ask(*bearer, {{"authorization", "Bearer one"}}).ok());
  EXPECT_TRUE(Ask(*bearer, {{"authorization", "Bearer two"}}).ok());
  EXPECT_FALSE(Ask(*bearer, {{"authorization", "Bearer three"}}).ok());
}

TEST(BasicAuthTest, AFileAndMoreOfIt) {
  char path[] = "/tmp/spandrel-users-XXXXXX";
  close(mkstemp(path));
  std::ofstream(path) << "ann:of the file\nbob:secret";
  const auto basic = Make({BasicAuthConfig{path, "ann:written in place"}, {}});
  EXPECT_TRUE(Ask(*basic, Basic("bob:secret")).ok());
  EXPECT_TRUE(Ask(*basic, Basic("ann:written in place")).ok());
  EXPECT_FALSE(Ask(*basic, Basic("ann:of the file")).ok());
  std::remove(path);
  EXPECT_THAT(MakeAuthenticator({BasicAuthConfig{path, ""}, {}}).status().message(),
              HasSubstr(path));
}

TEST(AnyAuthTest, OneOfTwoIsEnough) {
  BearerOptions options;
  options.token = "t0ken";
  const auto any = Make({BasicAuthConfig{"", "ann:secret"}, options});
  EXPECT_TRUE(Ask(*any, Basic("ann:secret")).ok());
  EXPECT_TRUE(Ask(*any, {{"authorization", "Bearer t0ken"}}).ok());
  EXPECT_FALSE(Ask(*any, {{"authorization", "Bearer no"}}).ok());
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(Ask(*any, Basic("ann:no")).status().retry_after());
  EXPECT_TRUE(Ask(*any, Basic("ann:no")).status().retry_after());
  EXPECT_THAT(any->Challenge(), HasSubstr("\", Bearer realm"));
}

}  // namespace
}  // namespace spandrel::endpoints
