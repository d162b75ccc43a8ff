// SPDX-License-Identifier: Apache-2.0
#include "endpoints/listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "config/decode.h"
#include "config/document.h"
#include "endpoints/client.h"

namespace spandrel::endpoints {
namespace {

using ::testing::HasSubstr;

HttpServerConfig Server(const std::string& yaml, config::Problems* problems) {
  auto document = config::ParseYaml(yaml, "test.yaml", problems);
  EXPECT_TRUE(document.ok()) << problems->ToString();
  config::Decoder decoder(document->root, problems);
  return DecodeHttpServer(decoder, {"localhost", 1});
}

std::string ServerErrors(const std::string& yaml) {
  config::Problems problems;
  Server(yaml, &problems);
  return problems.has_errors() ? problems.ToString() : "";
}

std::string ClientErrors(const std::string& tls) {
  config::Problems problems;
  auto document = config::ParseYaml("endpoint: a:1\ntls: " + tls, "test.yaml", &problems);
  {
    config::Decoder decoder(document->root, &problems);
    DecodeGrpcClient(decoder, "none");
  }
  return problems.has_errors() ? problems.ToString() : "";
}

TEST(ListenerTest, ReadsWhatIsSaidOfSecurity) {
  config::Problems problems;
  const HttpServerConfig config = Server(R"(
endpoint: 0.0.0.0:1
allowed_hosts: [traces.example]
tls:
  cert_file: a
  key_file: b
  client_ca_file: c
  min_version: "1.3"
  curve_preferences: [X25519, P256]
  cipher_suites: [TLS_AES_128_GCM_SHA256]
  reload_interval: 1h
  include_insecure_cipher_suites: false
auth:
  basic: {htpasswd: {file: users, inline: "a:b"}}
  bearer: {filename: tokens, scheme: Token, header: X-Key}
)",
                                         &problems);
  EXPECT_EQ(problems.ToString(), "");
  const ListenerConfig& listener = config.listener;
  EXPECT_EQ(listener.tls->settings.min_version, net::TlsVersion::k13);
  EXPECT_EQ(listener.tls->settings.cipher_suites.size(), 1U);
  EXPECT_EQ(listener.tls->settings.curves.size(), 2U);
  EXPECT_EQ(listener.tls->reload_interval, std::chrono::hours(1));
  EXPECT_EQ(listener.allowed_hosts, std::vector<std::string>{"traces.example"});
  EXPECT_EQ(listener.auth->basic->file, "users");
  EXPECT_EQ(listener.auth->bearer->header, "x-key");
}

TEST(ListenerTest, SecurityThatCannotBeKeptIsRefused) {
  const auto tls = [](const std::string& more) {
    return "tls: {cert_file: a, key_file: b, " + more + "}";
  };
  EXPECT_EQ(ServerErrors(tls("min_version: '1.2'")), "");
  EXPECT_THAT(ServerErrors(tls("min_version: '1.1'")), HasSubstr("test.yaml:1:"));
  EXPECT_THAT(ServerErrors(tls("min_version: '1.3', max_version: '1.2'")), HasSubstr("lowest"));
  EXPECT_THAT(ServerErrors(tls("cipher_suites: [X]")), HasSubstr("'X'"));
  EXPECT_THAT(ServerErrors(tls("curve_preferences: [X25519MLKEM768]")), HasSubstr("MLKEM"));
  EXPECT_THAT(ServerErrors(tls("ca_file: c")), HasSubstr("client_ca_file"));
  EXPECT_THAT(ServerErrors(tls("include_insecure_cipher_suites: true")), HasSubstr("insecure"));
  EXPECT_THAT(ServerErrors(tls("reload_interval: -1s")), HasSubstr("negative"));
  EXPECT_THAT(ServerErrors("auth: {}"), HasSubstr("'auth' needs"));
  EXPECT_THAT(ServerErrors("auth: {authenticator: x, bearer: {token: a}}"), HasSubstr("alone"));
  EXPECT_THAT(ServerErrors("auth: {basic: }"), HasSubstr("htpasswd"));
  EXPECT_THAT(ServerErrors("auth: {bearer: {scheme: X}}"), HasSubstr("'filename'"));
  EXPECT_THAT(ServerErrors("auth: {bearer: {token: a, filename: b}}"), HasSubstr("either"));
  EXPECT_THAT(ServerErrors("auth: {bearer: {tokens: [a, '']}}"), HasSubstr("everybody"));
  EXPECT_THAT(ServerErrors("auth: {bearer: {token: a, header: 'x y'}}"), HasSubstr("header"));
  EXPECT_THAT(ServerErrors("auth: {bearer: {token: \"a\\nb\"}}"), HasSubstr("control"));
}

TEST(ListenerTest, MayNameAnExtensionThatAsks) {
  config::Problems problems;
  const HttpServerConfig config = Server("auth:\n  authenticator: basicauth/in\n", &problems);
  EXPECT_EQ(problems.ToString(), "");
  const config::Reference name = config.listener.authenticator();
  EXPECT_EQ(name.id, "basicauth/in");
  EXPECT_EQ(name.where.ToString() + " " + name.path, "test.yaml:2:18 auth::authenticator");
  EXPECT_EQ(Server("auth: {bearer: {token: a}}", &problems).listener.authenticator().id, "");
  EXPECT_EQ(Server("{}", &problems).listener.authenticator().id, "");
}

TEST(ClientTest, SecurityThatCannotBeKeptIsRefused) {
  EXPECT_EQ(ClientErrors("{min_version: '1.3', include_system_ca_certs_pool: true}"), "");
  EXPECT_THAT(ClientErrors("{max_version: '1.0'}"), HasSubstr("'1.0'"));
  EXPECT_THAT(ClientErrors("{cipher_suites: [RC4]}"), HasSubstr("cipher suite"));
  EXPECT_THAT(ClientErrors("{reload_interval: 1h}"), HasSubstr("at start"));
}

TEST(ListenerTest, LimitsReachNet) {
  config::Problems problems;
  const HttpServerConfig config =
      Server("{max_request_body_size: 1000, idle_timeout: 3s}", &problems);
  EXPECT_EQ(LimitsOf(config).max_body_bytes, 1000U);
  EXPECT_EQ(LimitsOf(config).idle_timeout, std::chrono::seconds(3));
  EXPECT_EQ(LimitsOf(config).header_timeout, net::ServerLimits().header_timeout);
}

}  // namespace
}  // namespace spandrel::endpoints
