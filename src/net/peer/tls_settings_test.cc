// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "net/peer/client.h"
#include "net/testing/certificates.h"
#include "net/testing/server.h"

namespace spandrel::net {
namespace {

using ::testing::HasSubstr;
using testing::kPatience;
using testing::TestCertificates;
using testing::TestServer;

void Greet(const std::shared_ptr<ServerCall>& call) {
  call->Respond({200, {}, "hello", {}});
}

// Whether a client with `settings` gets an answer from `server`, whose CA is `ca_file`.
bool Speaks(TestServer& server, const std::string& ca_file, TlsSettings settings) {
  HttpClientOptions options;
  options.endpoint = server.endpoint();
  options.tls.ca_file = ca_file;
  options.tls.settings = std::move(settings);
  HttpClient client(server.runtime, options);
  Request request;
  request.method = "GET";
  request.target = "/";
  return client.SendAndWait(request, kPatience).ok();
}

TlsSettings Only(TlsVersion version) {
  return {.min_version = version, .max_version = version};
}

TEST(TlsSettingsTest, VersionsAreEnforced) {
  const TestCertificates files;
  TestServer modern(Greet, {}, ServerTls{files.cert(), files.key(), "", {TlsVersion::k13}});
  EXPECT_TRUE(Speaks(modern, files.ca(), Only(TlsVersion::k13)));
  EXPECT_FALSE(Speaks(modern, files.ca(), Only(TlsVersion::k12)));
  TestServer old(Greet, {}, ServerTls{files.cert(), files.key(), "", Only(TlsVersion::k12)});
  EXPECT_TRUE(Speaks(old, files.ca(), Only(TlsVersion::k12)));
  EXPECT_FALSE(Speaks(old, files.ca(), Only(TlsVersion::k13)));
}

TEST(TlsSettingsTest, CipherSuitesAreEnforced) {
  const TestCertificates files;
  TlsSettings aes256 = Only(TlsVersion::k12);
  aes256.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"};
  TestServer server(Greet, {}, ServerTls{files.cert(), files.key(), "", aes256});
  EXPECT_TRUE(Speaks(server, files.ca(), aes256));
  TlsSettings aes128 = Only(TlsVersion::k12);
  aes128.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"};
  EXPECT_FALSE(Speaks(server, files.ca(), aes128));
}

TEST(TlsSettingsTest, OnlySuitesOfTls13MeanTls13) {
  const TestCertificates files;
  TlsSettings suites;
  suites.cipher_suites = {"TLS_AES_256_GCM_SHA384"};
  TestServer server(Greet, {}, ServerTls{files.cert(), files.key(), "", suites});
  EXPECT_FALSE(Speaks(server, files.ca(), Only(TlsVersion::k12)));
  EXPECT_TRUE(Speaks(server, files.ca(), Only(TlsVersion::k13)));
}

TEST(TlsSettingsTest, NoCbcUnlessItIsNamed) {
  const TestCertificates files;
  TlsSettings cbc = Only(TlsVersion::k12);
  cbc.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
                       "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"};
  TestServer server(Greet, {}, ServerTls{files.cert(), files.key(), ""});
  EXPECT_FALSE(Speaks(server, files.ca(), cbc));
  EXPECT_TRUE(Speaks(server, files.ca(), Only(TlsVersion::k12)));
  TestServer old(Greet, {}, ServerTls{files.cert(), files.key(), "", cbc});
  EXPECT_TRUE(Speaks(old, files.ca(), cbc));
}

TEST(TlsSettingsTest, CurvesAreEnforced) {
  const TestCertificates files;
  TestServer server(Greet, {},
                    ServerTls{files.cert(), files.key(), "", {.curves = {"P384", "P521"}}});
  EXPECT_TRUE(Speaks(server, files.ca(), {.curves = {"P384"}}));
  EXPECT_FALSE(Speaks(server, files.ca(), {.curves = {"X25519"}}));
}

TEST(TlsSettingsTest, WhatIsUnknownIsRefused) {
  EXPECT_TRUE(CheckTlsSettings({}).ok());
  EXPECT_THAT(CheckTlsSettings({TlsVersion::k13, TlsVersion::k12}).message(), HasSubstr("lowest"));
  EXPECT_THAT(CheckTlsSettings({.cipher_suites = {"TLS_RSA_WITH_RC4_128_SHA"}}).message(),
              HasSubstr("'TLS_RSA_WITH_RC4_128_SHA'"));
  EXPECT_FALSE(CheckTlsSettings({.cipher_suites = {"ALL"}}).ok());
  EXPECT_FALSE(CheckTlsSettings({.curves = {"P224"}}).ok());
  EXPECT_FALSE(CheckTlsSettings(
                   {.max_version = TlsVersion::k12, .cipher_suites = {"TLS_AES_256_GCM_SHA384"}})
                   .ok());
}

void Copy(const std::string& from, const std::string& to) {
  std::stringstream text;
  text << std::ifstream(from).rdbuf();
  std::ofstream(to) << text.str();
}

TEST(TlsReloadTest, NewCertificatesServeNewConnections) {
  const TestCertificates served;
  const TestCertificates next;
  const TestCertificates first;
  Copy(served.cert(), first.cert());
  ServerTls tls{served.cert(), served.key(), ""};
  tls.reload_interval = std::chrono::nanoseconds(1);
  TestServer server(Greet, {}, tls);
  EXPECT_TRUE(Speaks(server, first.ca(), {}));
  Copy(next.cert(), served.cert());
  EXPECT_TRUE(Speaks(server, first.ca(), {})) << "a certificate without its key is not taken";
  Copy(next.key(), served.key());
  EXPECT_TRUE(Speaks(server, next.ca(), {}));
  EXPECT_FALSE(Speaks(server, first.ca(), {}));
}

TEST(TlsReloadTest, WhoIsToldToReadAgainDoes) {
  const TestCertificates served;
  const TestCertificates next;
  const TestCertificates first;
  Copy(served.cert(), first.cert());
  TestServer server(Greet, {}, ServerTls{served.cert(), served.key(), ""});
  Copy(next.cert(), served.cert());
  Copy(next.key(), served.key());
  EXPECT_TRUE(Speaks(server, first.ca(), {})) << "nobody said so yet";
  server.runtime.ReadTlsFilesAgain();
  EXPECT_TRUE(Speaks(server, next.ca(), {}));
  std::ofstream(served.cert()) << "broken";
  server.runtime.ReadTlsFilesAgain();
  EXPECT_TRUE(Speaks(server, next.ca(), {}));
}

TEST(TlsReloadTest, ClientsReadTheirFilesAgainToo) {
  const TestCertificates files;
  const TestCertificates believed;
  TestServer server(Greet, {}, ServerTls{files.cert(), files.key(), ""});
  HttpClientOptions options;
  options.endpoint = server.endpoint();
  options.tls.ca_file = believed.ca();
  options.tls.reload_interval = std::chrono::nanoseconds(1);
  HttpClient client(server.runtime, options);
  Request request;
  request.method = "GET";
  request.target = "/";
  EXPECT_FALSE(client.SendAndWait(request, kPatience).ok());
  Copy(files.ca(), believed.ca());
  EXPECT_TRUE(client.SendAndWait(request, kPatience).ok());
}

std::string TextOf(const std::string& file) {
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

TEST(TlsPemTest, TextsServeAsFilesDo) {
  const TestCertificates files;
  ServerTls tls;
  tls.cert_pem = TextOf(files.cert());
  tls.key_pem = TextOf(files.key());
  TestServer server(Greet, {}, tls);
  HttpClientOptions options;
  options.endpoint = server.endpoint();
  options.tls.ca_pem = TextOf(files.ca());
  HttpClient client(server.runtime, options);
  Request request;
  request.method = "GET";
  request.target = "/";
  EXPECT_TRUE(client.SendAndWait(request, kPatience).ok());
}

}  // namespace
}  // namespace spandrel::net
