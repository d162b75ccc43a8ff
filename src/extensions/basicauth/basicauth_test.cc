// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "base/base64.h"
#include "endpoints/authenticator.h"
#include "extensions/basicauth/basic_credentials.h"
#include "extensions/basicauth/config.h"
#include "extensions/factories.h"
#include "extensions/testing/make.h"

namespace spandrel::extensions {
namespace {

using endpoints::ClientAuthenticator;
using endpoints::ServerAuthenticator;
using ::testing::HasSubstr;

std::string Value(const std::string& login) {
  return "Basic " + base::Base64Encode(login);
}

std::string Shown(ClientAuthenticator& client) {
  net::Headers headers = {{"authorization", "of before"}, {"x", "y"}};
  client.Authorize(&headers);
  EXPECT_EQ(headers.size(), 2U);
  return std::string(net::FindHeader(headers, "authorization"));
}

std::string Errors(const std::string& yaml) {
  return ErrorsOf(MakeBasicAuthFactory(), yaml);
}

TEST(BasicAuthExtensionTest, AsksUsers) {
  const auto extension = MakeExtension(MakeBasicAuthFactory(), "htpasswd: {inline: 'ann:secret'}");
  const auto server = std::dynamic_pointer_cast<ServerAuthenticator>(extension);
  ASSERT_NE(server, nullptr);
  EXPECT_EQ(std::dynamic_pointer_cast<ClientAuthenticator>(extension), nullptr);
  EXPECT_EQ(server->Authenticate({{"authorization", Value("ann:secret")}})->name, "ann");
  EXPECT_FALSE(server->Authenticate({{"authorization", Value("ann:guess")}}).ok());
  EXPECT_THAT(server->Challenge(), HasSubstr("Basic realm="));
}

TEST(BasicAuthExtensionTest, ShowsALogin) {
  const auto extension =
      MakeExtension(MakeBasicAuthFactory(), "client_auth: {username: ann, password: 'sec:ret'}");
  const auto client = std::dynamic_pointer_cast<ClientAuthenticator>(extension);
  ASSERT_NE(client, nullptr);
  EXPECT_EQ(std::dynamic_pointer_cast<ServerAuthenticator>(extension), nullptr);
  EXPECT_EQ(Shown(*client), Value("ann:sec:ret"));
}

TEST(BasicAuthExtensionTest, TellsWhichHalfItLacks) {
  config::Problems problems;
  const auto servers = DecodeExtension(MakeBasicAuthFactory(), "htpasswd: {file: x}", &problems);
  EXPECT_EQ(servers->lacks(ServerAuthenticator::kInterfaceName), "");
  EXPECT_THAT(std::string(servers->lacks(ClientAuthenticator::kInterfaceName)),
              HasSubstr("no 'client_auth'"));
  const auto clients =
      DecodeExtension(MakeBasicAuthFactory(), "client_auth: {username: a, password: b}", &problems);
  EXPECT_EQ(clients->lacks(ClientAuthenticator::kInterfaceName), "");
  EXPECT_THAT(std::string(clients->lacks(ServerAuthenticator::kInterfaceName)),
              HasSubstr("no 'htpasswd'"));
}

TEST(BasicAuthExtensionTest, RefusesHalfALogin) {
  EXPECT_THAT(Errors("{}"), HasSubstr("either 'htpasswd'"));
  EXPECT_THAT(Errors("{htpasswd: {inline: 'a:b'}, client_auth: {username: a, password: b}}"),
              HasSubstr("either 'htpasswd'"));
  EXPECT_THAT(Errors("htpasswd:"), HasSubstr("needs 'file'"));
  EXPECT_THAT(Errors("client_auth: {username: a}"), HasSubstr("'password'"));
  EXPECT_THAT(Errors("client_auth: {password: a}"), HasSubstr("'username'"));
  EXPECT_THAT(Errors("client_auth: {username: 'a:b', password: c}"), HasSubstr("colon"));
  EXPECT_THAT(Errors("client_auth: {aws_secrets_manager: {}}"), HasSubstr("password_file"));
  EXPECT_THAT(Errors("client_auth: {usename: a, password: b}"), HasSubstr("did you mean"));
  EXPECT_THAT(Errors("{htpasswd: {inline: 'a:b'}, token: x}"), HasSubstr("unknown key 'token'"));
}

TEST(BasicCredentialsTest, FilesAreReadAgain) {
  char path[] = "/tmp/spandrel-password-XXXXXX";
  close(mkstemp(path));
  ManualClock clock;
  const BasicLogin login{{"ann", ""}, {"not this", path}};
  EXPECT_THAT(BasicCredentials::Make(login, clock).status().message(), HasSubstr("nothing in it"));
  std::ofstream(path) << " secret\n";
  const auto made = BasicCredentials::Make(login, clock);
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  EXPECT_EQ(Shown(**made), Value("ann:secret"));
  std::ofstream(path) << "secret of today\n";
  EXPECT_EQ(Shown(**made), Value("ann:secret")) << "not each request looks";
  clock.now += std::chrono::seconds(1);
  EXPECT_EQ(Shown(**made), Value("ann:secret of today"));
  std::ofstream(path, std::ios::trunc).close();
  clock.now += std::chrono::seconds(1);
  EXPECT_EQ(Shown(**made), Value("ann:secret of today")) << "an empty file says nothing";
  std::remove(path);
  EXPECT_THAT(BasicCredentials::Make(login, clock).status().message(), HasSubstr(path));
}

}  // namespace
}  // namespace spandrel::extensions
