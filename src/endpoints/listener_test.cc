// SPDX-License-Identifier: Apache-2.0
#include "endpoints/listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "config/decode.h"
#include "config/document.h"
#include "endpoints/client.h"
#include "net/testing/certificates.h"

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
  const net::testing::TestCertificates files;
  config::Problems problems;
  const HttpServerConfig config = Server(R"(
endpoint: 0.0.0.0:1
allowed_hosts: [traces.example]
tls:
  cert_file: )" + files.cert() + R"(
  key_file: )" + files.key() + R"(
  client_ca_file: )" + files.ca() + R"(
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
  const net::testing::TestCertificates files;
  const auto tls = [&files](const std::string& more) {
    return "tls: {cert_file: " + files.cert() + ", key_file: " + files.key() + ", " + more + "}";
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
  EXPECT_EQ(ClientErrors("{reload_interval: 1h}"), "");
  EXPECT_THAT(ClientErrors("{ca_file: /nowhere.pem}"),
              HasSubstr("test.yaml:2:16: tls::ca_file: certificate authorities /nowhere.pem: "));
  EXPECT_THAT(ClientErrors("{tpm: {enabled: true}}"), HasSubstr("tpm"));
}

std::string Text(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// Indented, for a block scalar.
std::string Block(const std::string& text) {
  std::string block = "|\n";
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) block += "    " + line + "\n";
  return block;
}

TEST(ListenerTest, FilesThatCannotBeUsedAreErrorsWithTheirPlace) {
  const net::testing::TestCertificates files;
  const net::testing::TestCertificates others;
  const auto tls = [](const std::string& cert, const std::string& key, const std::string& ca) {
    return ServerErrors("tls:\n  cert_file: " + cert + "\n  key_file: " + key +
                        "\n  client_ca_file: " + ca + "\n");
  };
  EXPECT_EQ(tls(files.cert(), files.key(), files.ca()), "");
  EXPECT_EQ(
      tls(files.cert(), files.key(), "/no/ca.pem"),
      "test.yaml:4:19: tls::client_ca_file: certificate authorities /no/ca.pem: no such file\n");
  EXPECT_THAT(tls("/no/cert.pem", files.key(), files.ca()),
              HasSubstr("test.yaml:2:14: tls::cert_file: certificate /no/cert.pem: no such"));
  EXPECT_THAT(tls(files.cert(), "/no/key.pem", files.ca()),
              HasSubstr("test.yaml:3:13: tls::key_file: private key /no/key.pem: no such"));
  EXPECT_THAT(tls(files.cert(), others.key(), files.ca()),
              HasSubstr("test.yaml:3:13: tls::key_file: private key " + others.key()));
  EXPECT_THAT(tls(files.cert(), files.key(), files.key()), HasSubstr("test.yaml:4:19"));
  EXPECT_THAT(tls("/dev/zero", files.key(), files.ca()),
              HasSubstr("test.yaml:2:14: tls::cert_file: certificate /dev/zero: cannot be used"));
}

TEST(ListenerTest, PemMayStandInTheConfiguration) {
  const net::testing::TestCertificates files;
  const std::string yaml =
      "tls:\n  cert_pem: " + Block(Text(files.cert())) + "  key_pem: " + Block(Text(files.key()));
  config::Problems problems;
  const HttpServerConfig config = Server(yaml, &problems);
  EXPECT_EQ(problems.ToString(), "");
  EXPECT_EQ(config.listener.tls->cert_pem, Text(files.cert()));
  EXPECT_THAT(ServerErrors(yaml + "  cert_file: " + files.cert()), HasSubstr("either"));
  EXPECT_THAT(ServerErrors("tls: {cert_pem: x, key_pem: y}"), HasSubstr("tls::cert_pem: cert"));
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
