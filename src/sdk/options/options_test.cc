// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "base/log.h"
#include "opentelemetry/trace/provider.h"
#include "sdk/options/endpoint_url.h"
#include "sdk/testing/environment.h"
#include "spandrel/sdk.h"

namespace spandrel::sdk {
namespace {

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

TEST(OptionsTest, ReadTheJaegerSampler) {
  const Environment environment{
      {"OTEL_TRACES_SAMPLER", "parentbased_jaeger_remote"},
      {"OTEL_TRACES_SAMPLER_ARG",
       "endpoint=http://j:1/x,pollingIntervalMs=50,initialSamplingRate=0.5,colour=red"}};
  const SamplerOptions options = OptionsFromEnvironment("").sampler;
  EXPECT_EQ(options.root, SamplerOptions::Root::kJaegerRemote);
  EXPECT_TRUE(options.parent_based);
  EXPECT_EQ(options.jaeger_remote.endpoint, "http://j:1/x");
  EXPECT_EQ(options.jaeger_remote.polling_interval, Milliseconds(50));
  EXPECT_EQ(options.jaeger_remote.initial_ratio, 0.5);
}

TEST(OptionsTest, ReadTimeoutsAndQueues) {
  const Environment environment{{"OTEL_BSP_EXPORT_TIMEOUT", "30000"},
                                {"OTEL_BSP_SCHEDULE_DELAY", "7"},
                                {"OTEL_BSP_MAX_QUEUE_SIZE", "2048"},
                                {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "512"}};
  const Options options = OptionsFromEnvironment("");
  EXPECT_EQ(options.exporter.timeout, Milliseconds(10'000)) << "the lesser of the two";
  EXPECT_EQ(options.exporter.schedule_delay, Milliseconds(7));
  EXPECT_EQ(options.max_buffer_spans, 2048u);
  EXPECT_EQ(options.exporter.max_request_spans, 512u);
  const Environment shorter{{"OTEL_BSP_EXPORT_TIMEOUT", "500"}};
  EXPECT_EQ(OptionsFromEnvironment("").exporter.timeout, Milliseconds(500));
  const Environment none{{"OTEL_EXPORTER_OTLP_TIMEOUT", "0"}, {"OTEL_BSP_EXPORT_TIMEOUT", ""}};
  EXPECT_EQ(OptionsFromEnvironment("").exporter.timeout, Milliseconds(10'000));
}

TEST(OptionsTest, ReadEveryLimit) {
  const Environment general{
      {"OTEL_ATTRIBUTE_COUNT_LIMIT", "1"},       {"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "2"},
      {"OTEL_SPAN_EVENT_COUNT_LIMIT", "3"},      {"OTEL_SPAN_LINK_COUNT_LIMIT", "4"},
      {"OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "5"}, {"OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "6"}};
  const SpanLimits limits = OptionsFromEnvironment("").limits;
  EXPECT_EQ(limits.attributes, 1u);
  EXPECT_EQ(limits.attribute_value_length, 2u);
  EXPECT_EQ(limits.events, 3u);
  EXPECT_EQ(limits.links, 4u);
  EXPECT_EQ(limits.attributes_per_event, 5u);
  EXPECT_EQ(limits.attributes_per_link, 6u);
  const Environment spans{{"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "7"},
                          {"OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "8"}};
  EXPECT_EQ(OptionsFromEnvironment("").limits.attributes, 7u);
  EXPECT_EQ(OptionsFromEnvironment("").limits.attribute_value_length, 8u);
}

TEST(OptionsTest, ReadTheKindOfExporter) {
  using Protocol = ExportOptions::Protocol;
  for (const char* name : {"console", "otlp/stdout", "console,otlp"}) {
    const Environment environment{{"OTEL_TRACES_EXPORTER", name}};
    EXPECT_EQ(OptionsFromEnvironment("").exporter.protocol, Protocol::kConsole) << name;
  }
  const Environment none{{"OTEL_TRACES_EXPORTER", "none"}};
  EXPECT_TRUE(OptionsFromEnvironment("").disabled);
  const Environment unknown{{"OTEL_TRACES_EXPORTER", "zipkin"}};
  EXPECT_EQ(OptionsFromEnvironment("").exporter.protocol, Protocol::kGrpc);
  EXPECT_FALSE(OptionsFromEnvironment("").disabled);
}

TEST(OptionsTest, ReadTheLogLevel) {
  const bool warned = base::LogEnabled(base::LogLevel::kWarn);
  ASSERT_TRUE(warned);
  {
    const Environment environment{{"OTEL_LOG_LEVEL", "ERROR"}};
    (void)OptionsFromEnvironment("");
    EXPECT_FALSE(base::LogEnabled(base::LogLevel::kWarn));
    const Environment unknown{{"OTEL_LOG_LEVEL", "loud"}};
    (void)OptionsFromEnvironment("");
    EXPECT_FALSE(base::LogEnabled(base::LogLevel::kWarn));
  }
  base::SetLogLevel(base::LogLevel::kInfo);
}

// Each bad value is told with its variable's name.
TEST(OptionsTest, TellWhichVariableIsBad) {
  const std::map<std::string, std::string> bad = {{"OTEL_TRACES_SAMPLER", "x"},
                                                  {"OTEL_BSP_SCHEDULE_DELAY", "x"},
                                                  {"OTEL_BSP_EXPORT_TIMEOUT", "-1"},
                                                  {"OTEL_BSP_MAX_QUEUE_SIZE", "1e3"},
                                                  {"OTEL_EXPORTER_OTLP_PROTOCOL", "x"},
                                                  {"OTEL_EXPORTER_OTLP_COMPRESSION", "x"},
                                                  {"OTEL_EXPORTER_OTLP_TIMEOUT", "10s"},
                                                  {"OTEL_EXPORTER_OTLP_HEADERS", "x"},
                                                  {"OTEL_EXPORTER_OTLP_INSECURE", "x"},
                                                  {"OTEL_TRACES_EXPORTER", "x"},
                                                  {"OTEL_SDK_DISABLED", "x"},
                                                  {"OTEL_LOG_LEVEL", "x"},
                                                  {"OTEL_CONFIG_FILE", "x"},
                                                  {"OTEL_SPAN_LINK_COUNT_LIMIT", "99999999999"}};
  for (const auto& [name, value] : bad) {
    const Environment environment{{name, value}};
    testing::internal::CaptureStderr();
    (void)OptionsFromEnvironment("");
    const std::string told = testing::internal::GetCapturedStderr();
    EXPECT_NE(told.find(name), std::string::npos) << name << ": " << told;
    EXPECT_EQ(std::count(told.begin(), told.end(), '\n'), 1) << told;
  }
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
