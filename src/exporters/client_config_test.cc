// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "exporters/otlp/config.h"
#include "exporters/testing/decode_yaml.h"
#include "net/testing/certificates.h"

namespace spandrel::exporters {
namespace {

std::shared_ptr<const OtlpGrpcExporterConfig> Grpc(std::string_view yaml,
                                                   config::Problems* problems) {
  return DecodeYaml(yaml, DecodeOtlpGrpcExporterConfig, problems);
}
std::shared_ptr<const OtlpHttpExporterConfig> Http(std::string_view yaml,
                                                   config::Problems* problems) {
  return DecodeYaml(yaml, DecodeOtlpHttpExporterConfig, problems);
}

TEST(GrpcClientConfigTest, ReadsAllThatItKnows) {
  const net::testing::TestCertificates files;
  config::Problems problems;
  const auto config = Grpc(R"(
endpoint: backend.example:4317
compression: zstd
headers: {X-Tenant: blue, authorization: Bearer abc}
authority: other.example
tls: {ca_file: )" + files.ca() +
                               ", cert_file: " + files.cert() + ", key_file: " + files.key() +
                               R"(, server_name_override: name.example}
keepalive: {time: 10s}
wait_for_ready: true
timeout: 7s
sending_queue: {queue_size: 5}
retry_on_failure: {max_elapsed_time: 0}
)",
                           &problems);
  EXPECT_FALSE(problems.has_errors()) << problems.ToString();
  EXPECT_EQ(config->channel.endpoint.ToString(), "backend.example:4317");
  EXPECT_EQ(config->channel.compression, "zstd");
  EXPECT_EQ(net::FindHeader(config->channel.headers, "x-tenant"), "blue");
  EXPECT_EQ(config->channel.authority, "other.example");
  EXPECT_FALSE(config->channel.tls.insecure);
  EXPECT_EQ(config->channel.tls.server_name_override, "name.example");
  EXPECT_EQ(config->sending.timeout, std::chrono::seconds(7));
  EXPECT_EQ(config->sending.queue.queue_size, 5);
}

TEST(GrpcClientConfigTest, ASchemeDecidesAboutTls) {
  config::Problems problems;
  EXPECT_TRUE(Grpc("endpoint: http://a:1", &problems)->channel.tls.insecure);
  EXPECT_FALSE(Grpc("endpoint: https://a:1/", &problems)->channel.tls.insecure);
  EXPECT_FALSE(Grpc("endpoint: dns:///a:1", &problems)->channel.tls.insecure);
  EXPECT_TRUE(Grpc("{endpoint: 'a:1', tls: {insecure: true}}", &problems)->channel.tls.insecure);
  EXPECT_FALSE(problems.has_errors()) << problems.ToString();
}

TEST(GrpcClientConfigTest, Defaults) {
  config::Problems problems;
  const auto config = Grpc("endpoint: a:1", &problems);
  EXPECT_EQ(config->channel.compression, "gzip");
  EXPECT_EQ(config->sending.timeout, std::chrono::seconds(5));
  EXPECT_EQ(Grpc("{endpoint: 'a:1', compression: none}", &problems)->channel.compression, "");
}

TEST(GrpcClientConfigTest, RefusesWhatItCannotDo) {
  for (const auto* yaml :
       {"{}", "endpoint: ''", "endpoint: hostonly", "endpoint: ':4317'", "endpoint: 'a:0'",
        "endpoint: 'a:http'", "endpoint: unix:///tmp/x", "{endpoint: 'a:1', compression: snappy}",
        "{endpoint: 'a:1', auth: {authenticator: ''}}", "{endpoint: 'a:1', tls: {cert_file: a}}",
        "{endpoint: 'a:1', tls: {ca_pem: x}}", "{endpoint: 'a:1', endpont: b}"}) {
    config::Problems problems;
    Grpc(yaml, &problems);
    EXPECT_TRUE(problems.has_errors()) << yaml;
  }
}

TEST(GrpcClientConfigTest, NamesTheExtensionThatLogsIn) {
  config::Problems problems;
  const auto config = Grpc("endpoint: a:1\nauth: {authenticator: basicauth/out}", &problems);
  EXPECT_EQ(problems.ToString(), "");
  ASSERT_EQ(config->extension_uses().size(), 1u);
  const pipeline::ExtensionUse use = config->extension_uses()[0];
  EXPECT_EQ(use.id, "basicauth/out");
  EXPECT_EQ(use.interface_name, "client authenticator");
  EXPECT_EQ(use.where.ToString() + ": " + use.path, "test.yaml:2:23: auth::authenticator");
  EXPECT_TRUE(Grpc("endpoint: a:1", &problems)->extension_uses().empty());
  EXPECT_EQ(
      Http("endpoint: https://a\nauth: {authenticator: x}", &problems)->extension_uses().size(),
      1u);
  EXPECT_EQ(problems.ToString(), "");
  Grpc("endpoint: http://a:1\nauth: {authenticator: x}", &problems);
  EXPECT_EQ(problems.ToString(),
            "test.yaml:2:7: warning: auth: the login goes through the network in plain text; use "
            "TLS\n");
  EXPECT_FALSE(problems.has_errors());
}

TEST(HttpClientConfigTest, TakesAUrlApart) {
  config::Problems problems;
  auto config = Http("endpoint: http://backend:4318", &problems);
  EXPECT_EQ(config->target(signal::Signal::kTraces)->path, "/v1/traces");
  EXPECT_EQ(config->target(signal::Signal::kTraces)->client.authority, "backend:4318");
  EXPECT_TRUE(config->target(signal::Signal::kTraces)->client.client.tls.insecure);
  EXPECT_EQ(config->sending.timeout, std::chrono::seconds(30));
  EXPECT_FALSE(config->json);

  config = Http("{endpoint: 'https://backend.example/otlp/', encoding: json}", &problems);
  EXPECT_EQ(config->target(signal::Signal::kTraces)->path, "/otlp/v1/traces");
  EXPECT_EQ(config->target(signal::Signal::kTraces)->client.client.endpoint.port, 443);
  EXPECT_FALSE(config->target(signal::Signal::kTraces)->client.client.tls.insecure);
  EXPECT_TRUE(config->json);

  config = Http("traces_endpoint: http://[::1]/exact/path", &problems);
  EXPECT_EQ(config->target(signal::Signal::kTraces)->path, "/exact/path");
  EXPECT_EQ(config->target(signal::Signal::kTraces)->client.client.endpoint.ToString(), "[::1]:80");
  EXPECT_FALSE(problems.has_errors()) << problems.ToString();
}

TEST(HttpClientConfigTest, RefusesWhatItCannotDo) {
  for (const auto* yaml :
       {"{}", "endpoint: backend:4318", "endpoint: http://", "endpoint: 'http://a:99999'",
        "{endpoint: 'http://a', encoding: thrift}", "{endpoint: 'http://a', proxy_url: x}"}) {
    config::Problems problems;
    Http(yaml, &problems);
    EXPECT_TRUE(problems.has_errors()) << yaml;
  }
}

}  // namespace
}  // namespace spandrel::exporters
