// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/config.h"

#include <gtest/gtest.h>

#include "config/decode.h"
#include "config/document.h"
#include "net/testing/certificates.h"

namespace spandrel::receivers {
namespace {

config::Problems Decode(std::string_view yaml, std::shared_ptr<const OtlpReceiverConfig>* config) {
  config::Problems problems;
  auto document = config::ParseYaml(yaml, "test.yaml", &problems);
  EXPECT_TRUE(document.ok()) << problems.ToString();
  config::Decoder decoder(document->root, &problems);
  *config = DecodeOtlpReceiverConfig(decoder);
  return problems;
}

TEST(OtlpReceiverConfigTest, ANullProtocolIsOnWithDefaults) {
  std::shared_ptr<const OtlpReceiverConfig> config;
  const auto problems = Decode("protocols:\n  grpc:\n", &config);
  EXPECT_TRUE(problems.all().empty()) << problems.ToString();
  ASSERT_TRUE(config->grpc.has_value());
  EXPECT_FALSE(config->http.has_value());
  EXPECT_EQ(config->grpc->listener.endpoint.ToString(), "localhost:4317");
  EXPECT_TRUE(config->grpc->listener.endpoint_is_default);
  EXPECT_FALSE(config->grpc->listener.tls.has_value());
  EXPECT_EQ(config->grpc->max_message_bytes, size_t{64} << 20);
}

TEST(OtlpReceiverConfigTest, ReadsAllThatItKnows) {
  const net::testing::TestCertificates files;
  std::shared_ptr<const OtlpReceiverConfig> config;
  const auto problems = Decode(R"(
protocols:
  grpc:
    endpoint: 0.0.0.0:5317
    transport: tcp
    max_recv_msg_size_mib: 16
    max_concurrent_streams: 7
    read_buffer_size: 524288
    keepalive: {server_parameters: {time: 1m}}
    tls: {cert_file: )" + files.cert() +
                                   ", key_file: " + files.key() +
                                   ", client_ca_file: " + files.ca() + R"(}
  http:
    endpoint: "[::1]:5318"
    traces_url_path: v2/spans
    max_request_body_size: 1000
    idle_timeout: 3s
    cors: {allowed_origins: ["https://*.example.com"], allowed_headers: [x-key], max_age: 60}
)",
                               &config);
  EXPECT_FALSE(problems.has_errors()) << problems.ToString();
  EXPECT_EQ(config->grpc->listener.endpoint.ToString(), "0.0.0.0:5317");
  EXPECT_EQ(config->grpc->max_message_bytes, size_t{16} << 20);
  EXPECT_EQ(config->grpc->max_concurrent_streams, 7u);
  EXPECT_EQ(config->grpc->listener.tls->client_ca_file, files.ca());
  EXPECT_EQ(config->http->listener.endpoint.ToString(), "[::1]:5318");
  EXPECT_EQ(config->url_paths[0], "/v2/spans");
  EXPECT_EQ(config->url_paths[1], "/v1/metrics");
  EXPECT_EQ(config->http->max_body_bytes, 1000u);
  EXPECT_EQ(config->http->listener.cors.max_age_seconds, 60);
}

TEST(OtlpReceiverConfigTest, AProtocolCanBeTurnedOff) {
  std::shared_ptr<const OtlpReceiverConfig> config;
  EXPECT_FALSE(Decode("protocols: {grpc: {enabled: false}, http: }", &config).has_errors());
  EXPECT_FALSE(config->grpc.has_value());
  EXPECT_TRUE(config->http.has_value());
}

TEST(OtlpReceiverConfigTest, RefusesWhatItCannotDo) {
  for (const auto* yaml :
       {"{}", "protocols:", "protocols: {grpc: {endpoint: nowhere}}",
        "protocols: {grpc: {endpoint: 'a:70000'}}", "protocols: {grpc: {transport: unix}}",
        "protocols: {grpc: {auth: {}}}", "protocols: {grpc: {tls: {}}}",
        "protocols: {grpc: {max_recv_msg_size_mib: -1}}", "protocols: {grpc: {max_recv_size: 1}}",
        "protocols: {thrift: }"}) {
    std::shared_ptr<const OtlpReceiverConfig> config;
    EXPECT_TRUE(Decode(yaml, &config).has_errors()) << yaml;
  }
}

}  // namespace
}  // namespace spandrel::receivers
