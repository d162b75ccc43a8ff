// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdlib>
#include <initializer_list>
#include <map>
#include <string>
#include <utility>

#include "opentelemetry/trace/provider.h"
#include "sdk/endpoint_url.h"
#include "spandrel/sdk.h"

namespace spandrel::sdk {
namespace {

// Environment variables for the time of one test.
class Environment {
 public:
  Environment(std::initializer_list<std::pair<const std::string, std::string>> variables)
      : variables_(variables) {
    for (const auto& [name, value] : variables_) setenv(name.c_str(), value.c_str(), 1);
  }
  ~Environment() {
    for (const auto& [name, value] : variables_) unsetenv(name.c_str());
  }

 private:
  const std::map<std::string, std::string> variables_;
};

TEST(OptionsTest, HaveDefaults) {
  const Options options = OptionsFromEnvironment("shop");
  EXPECT_EQ(options.service_name, "shop");
  EXPECT_EQ(options.exporter.endpoint, "");
  EXPECT_TRUE(options.sampler.parent_based);
  EXPECT_EQ(options.sampler.root, SamplerOptions::Root::kAlwaysOn);
  EXPECT_FALSE(options.disabled);
}

TEST(OptionsTest, NameAndAttributesComeFromTheEnvironment) {
  const Environment resource{{"OTEL_RESOURCE_ATTRIBUTES", "service.name=a, team=b%2Cc ,x=1=2"}};
  Options options = OptionsFromEnvironment("shop");
  EXPECT_EQ(options.service_name, "a");
  EXPECT_EQ(options.resource_attributes, (TextPairs{{"team", "b,c"}, {"x", "1=2"}}));
  const Environment name{{"OTEL_SERVICE_NAME", "b"}};
  EXPECT_EQ(OptionsFromEnvironment("shop").service_name, "b");
}

TEST(OptionsTest, ReadTheExporter) {
  const Environment environment{{"OTEL_EXPORTER_OTLP_ENDPOINT", "https://a:1"},
                                {"OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Bearer%20x"},
                                {"OTEL_EXPORTER_OTLP_TIMEOUT", "123"},
                                {"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "456"},
                                {"OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"},
                                {"OTEL_EXPORTER_OTLP_CERTIFICATE", "ca.pem"}};
  const ExportOptions options = OptionsFromEnvironment("").exporter;
  EXPECT_EQ(options.endpoint, "https://a:1");
  EXPECT_EQ(options.headers, (TextPairs{{"authorization", "Bearer x"}}));
  EXPECT_EQ(options.timeout, Milliseconds(456));
  EXPECT_EQ(options.compression, "gzip");
  EXPECT_EQ(options.ca_file, "ca.pem");
}

TEST(OptionsTest, OverHttpTheSignalsPathFollowsTheGenericEndpoint) {
  const Environment protocol{{"OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"},
                             {"OTEL_EXPORTER_OTLP_ENDPOINT", "http://a:1/base/"}};
  EXPECT_EQ(OptionsFromEnvironment("").exporter.endpoint, "http://a:1/base/v1/traces");
  const Environment own{{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://a:1/own"}};
  EXPECT_EQ(OptionsFromEnvironment("").exporter.endpoint, "http://a:1/own");
}

TEST(OptionsTest, ReadTheSampler) {
  const Environment environment{{"OTEL_TRACES_SAMPLER", "traceidratio"},
                                {"OTEL_TRACES_SAMPLER_ARG", "0.25"}};
  const SamplerOptions options = OptionsFromEnvironment("").sampler;
  EXPECT_EQ(options.root, SamplerOptions::Root::kTraceIdRatio);
  EXPECT_EQ(options.ratio, 0.25);
  EXPECT_FALSE(options.parent_based);
}

TEST(OptionsTest, IgnoreWhatMakesNoSense) {
  const Environment environment{{"OTEL_TRACES_SAMPLER", "sometimes"},
                                {"OTEL_BSP_SCHEDULE_DELAY", "soon"},
                                {"OTEL_SDK_DISABLED", "perhaps"},
                                {"OTEL_SPAN_EVENT_COUNT_LIMIT", "-1"},
                                {"OTEL_RESOURCE_ATTRIBUTES", "no equals sign"}};
  const Options options = OptionsFromEnvironment("shop");
  EXPECT_TRUE(options.sampler.parent_based);
  EXPECT_EQ(options.exporter.schedule_delay, ExportOptions().schedule_delay);
  EXPECT_FALSE(options.disabled);
  EXPECT_EQ(options.limits.events, 128u);
  EXPECT_TRUE(options.resource_attributes.empty());
}

TEST(OptionsTest, ADisabledServiceRecordsNothing) {
  const Environment environment{{"OTEL_SDK_DISABLED", "TRUE"}};
  Provider provider = Init("shop");
  auto span = provider.tracer_provider()->GetTracer("t")->StartSpan("s");
  EXPECT_FALSE(span->IsRecording());
  EXPECT_TRUE(provider.ForceFlush());
}

TEST(EndpointUrlTest, Reads) {
  const auto parse = [](std::string_view text) { return ParseEndpointUrl(text, 4317); };
  EXPECT_EQ(parse("http://a")->endpoint.ToString(), "a:4317");
  EXPECT_FALSE(parse("http://a")->tls);
  EXPECT_TRUE(parse("https://a:1/x/y")->tls);
  EXPECT_EQ(parse("https://a:1/x/y")->path, "/x/y");
  EXPECT_EQ(parse("localhost:9/")->path, "");
  EXPECT_EQ(parse("http://[::1]")->endpoint.port, 4317);
  EXPECT_EQ(parse("http://[::1]:5")->endpoint.host, "::1");
  for (const char* bad : {"", "ftp://a", "http://", "a:b", "http://:1"}) {
    EXPECT_FALSE(parse(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace spandrel::sdk
