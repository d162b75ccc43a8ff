// SPDX-License-Identifier: Apache-2.0
#include "receivers/server_config.h"

#include <gtest/gtest.h>

#include "config/document.h"
#include "receivers/cors.h"
#include "receivers/otlp/config.h"

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
    tls: {cert_file: a.pem, key_file: b.pem, client_ca_file: c.pem}
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
  EXPECT_EQ(config->grpc->listener.tls->client_ca_file, "c.pem");
  EXPECT_EQ(config->http->listener.endpoint.ToString(), "[::1]:5318");
  EXPECT_EQ(config->traces_url_path, "/v2/spans");
  EXPECT_EQ(config->http->max_body_bytes, 1000u);
  EXPECT_EQ(config->http->cors.max_age_seconds, 60);
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
        "protocols: {grpc: {auth: {authenticator: x}}}", "protocols: {grpc: {tls: {}}}",
        "protocols: {grpc: {max_recv_msg_size_mib: -1}}", "protocols: {grpc: {max_recv_size: 1}}",
        "protocols: {thrift: }"}) {
    std::shared_ptr<const OtlpReceiverConfig> config;
    EXPECT_TRUE(Decode(yaml, &config).has_errors()) << yaml;
  }
}

TEST(CorsTest, MatchesOriginsWithStars) {
  CorsConfig config;
  config.allowed_origins = {"https://*.example.com", "http://localhost:*"};
  EXPECT_TRUE(OriginAllowed(config, "https://a.example.com"));
  EXPECT_TRUE(OriginAllowed(config, "http://localhost:3000"));
  EXPECT_FALSE(OriginAllowed(config, "https://example.com.evil.org"));
  EXPECT_FALSE(OriginAllowed(config, "http://a.example.com"));
  EXPECT_FALSE(OriginAllowed(config, ""));
  EXPECT_FALSE(OriginAllowed({}, "http://localhost:3000"));
  config.allowed_origins = {"*"};
  EXPECT_TRUE(OriginAllowed(config, "https://anything"));
}

TEST(CorsTest, AnswersPreflightsOfAllowedOriginsOnly) {
  CorsConfig config;
  config.allowed_origins = {"https://shop.example"};
  config.allowed_headers = {"x-key"};
  net::Request request;
  request.method = "OPTIONS";
  request.headers = {{"origin", "https://shop.example"}, {"access-control-request-method", "POST"}};
  const auto response = AnswerPreflight(config, request);
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 204);
  EXPECT_EQ(net::FindHeader(response->headers, "access-control-allow-origin"),
            "https://shop.example");
  EXPECT_EQ(net::FindHeader(response->headers, "access-control-allow-headers"),
            "content-type, content-encoding, x-key");
  request.headers[0].second = "https://other.example";
  EXPECT_FALSE(AnswerPreflight(config, request).has_value());
}

}  // namespace
}  // namespace spandrel::receivers
