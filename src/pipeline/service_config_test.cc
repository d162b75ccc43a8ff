// SPDX-License-Identifier: Apache-2.0
#include "pipeline/service_config.h"

#include <gtest/gtest.h>

#include "pipeline/component_id.h"
#include "pipeline/describe.h"
#include "pipeline/testing/fake_components.h"

namespace spandrel::pipeline {
namespace {

class ServiceConfigTest : public testing::Test {
 protected:
  std::string LoadText(const std::string& yaml) {
    config::Problems problems;
    auto service = Load(std::vector<config::Source>{{"c.yaml", yaml}}, {}, factories_, &problems);
    EXPECT_NE(service.ok(), problems.has_errors());
    if (service.ok()) service_ = std::move(*service);
    return problems.ToString();
  }

  fakes::Journal journal_;
  Factories factories_ = fakes::MakeFactories(&journal_);
  ServiceConfig service_;
};

TEST_F(ServiceConfigTest, ReadsTheTutorialFile) {
  config::Problems problems;
  const auto service =
      Load(std::vector<std::string>{SPANDREL_SOURCE_DIR "/examples/collector.yaml"}, {}, factories_,
           &problems);
  EXPECT_EQ(problems.ToString(), "");
  ASSERT_TRUE(service.ok());
  ASSERT_EQ(service->pipelines.size(), 1u);
  const PipelineConfig& traces = service->pipelines[0];
  EXPECT_EQ(traces.id, "traces");
  EXPECT_EQ(traces.receivers, std::vector<std::string>{"otlp"});
  EXPECT_EQ(traces.processors, std::vector<std::string>{"batch"});
  EXPECT_EQ(traces.exporters, std::vector<std::string>{"jaeger"});
  ASSERT_EQ(service->exporters.size(), 1u);
  EXPECT_EQ(dynamic_cast<const fakes::Config&>(*service->exporters[0].config).endpoint,
            "jaeger:14250");
  EXPECT_EQ(service->telemetry.metrics_endpoint, "localhost:8888");
}

TEST_F(ServiceConfigTest, TrimsIdsAndTakesAliases) {
  EXPECT_EQ(LoadText("receivers: {otlp: }\n"
                     "exporters: {' otlp / b ': }\n"
                     "service:\n"
                     "  pipelines: {traces/x: {receivers: otlp, exporters: [otlp/b]}}\n"),
            "");
  EXPECT_EQ(service_.exporters[0].id, "otlp/b");
  EXPECT_EQ(service_.exporters[0].type, "otlp");
  EXPECT_EQ(service_.pipelines[0].receivers, std::vector<std::string>{"otlp"});
}

TEST_F(ServiceConfigTest, ReadsTelemetry) {
  const std::string head =
      "receivers: {otlp: }\nexporters: {store: }\n"
      "service:\n"
      "  pipelines: {traces: {receivers: [otlp], exporters: [store]}}\n"
      "  telemetry:\n";
  EXPECT_EQ(LoadText(head + "    logs: {level: DEBUG}\n    metrics: {level: none}\n"), "");
  EXPECT_EQ(service_.telemetry.log_level, base::LogLevel::kDebug);
  EXPECT_EQ(service_.telemetry.metrics_endpoint, "");

  EXPECT_EQ(
      LoadText(head + "    metrics: {address: ':8889'}\n"),
      "c.yaml:6:24: warning: service::telemetry::metrics::address: removed upstream; Spandrel "
      "still serves its metrics there\n");
  EXPECT_EQ(service_.telemetry.metrics_endpoint, ":8889");

  EXPECT_EQ(
      LoadText(
          head +
          "    metrics: {readers: [{pull: {exporter: {prometheus: {host: '::1', port: 1}}}}]}\n"),
      "");
  EXPECT_EQ(service_.telemetry.metrics_endpoint, "[::1]:1");
  EXPECT_EQ(LoadText(head + "    metrics: {readers: []}\n"), "");
  EXPECT_EQ(service_.telemetry.metrics_endpoint, "");

  EXPECT_EQ(
      LoadText(head + "    logs: {encoding: json, level: loud}\n    traces: {processors: []}\n"
                      "    metrics: {levl: x, level: high}\n"),
      "c.yaml:6:12: warning: service::telemetry::logs::encoding: known setting, not supported "
      "by Spandrel; it is ignored\n"
      "c.yaml:6:35: service::telemetry::logs::level: must be debug, info, warn or error\n"
      "c.yaml:7:5: warning: service::telemetry::traces: known setting, not supported by "
      "Spandrel; it is ignored\n"
      "c.yaml:8:15: service::telemetry::metrics: unknown key 'levl'; did you mean 'level'?\n"
      "c.yaml:8:31: service::telemetry::metrics::level: must be none, basic, normal or "
      "detailed\n");
}

struct BadCase {
  const char* yaml;
  const char* problems;
};

class ServiceConfigRefuses : public ServiceConfigTest,
                             public testing::WithParamInterface<BadCase> {};

TEST_P(ServiceConfigRefuses, WithPlaceAndReason) {
  EXPECT_EQ(LoadText(GetParam().yaml), GetParam().problems);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ServiceConfigRefuses,
    testing::Values(
        BadCase{"",
                "c.yaml:1:1: receivers: a configuration needs at least one\n"
                "c.yaml:1:1: exporters: a configuration needs at least one\n"
                "c.yaml:1:1: service: expected a mapping with the key 'pipelines'\n"},
        BadCase{
            "recievers: {otlp: }\n"
            "exporters: {store: }\n"
            "service: {pipelines: {traces: {receivers: [otlp], exporters: [store]}}}\n",
            "c.yaml:1:1: unknown key 'recievers'; did you mean 'receivers'?\n"
            "c.yaml:1:1: receivers: a configuration needs at least one\n"
            "c.yaml:3:44: service::pipelines::traces::receivers: receiver 'otlp' is not defined "
            "under receivers\n"},
        BadCase{
            "receivers: {otlpp: }\n"
            "processors: {memory_limiter: }\n"
            "exporters: {batch: , zipkin: , zzz: }\n"
            "connectors: {spanmetrics: , spanmetric: }\n"
            "service: {pipelines: {traces: {receivers: [otlpp], exporters: [zzz, spanmetrics]}}}\n",
            "c.yaml:1:13: receivers: unknown receiver 'otlpp'; did you mean 'otlp'?\n"
            "c.yaml:2:14: processors: known processor 'memory_limiter', not supported by "
            "Spandrel: leave it out, memory is bounded without it\n"
            "c.yaml:3:13: exporters: unknown exporter 'batch'; 'batch' is a processor\n"
            "c.yaml:3:22: exporters: known exporter 'zipkin', not supported by Spandrel\n"
            "c.yaml:3:32: exporters: unknown exporter 'zzz'; known here: otlp_grpc, otlp, "
            "jaeger, store\n"
            "c.yaml:4:14: connectors: known connector 'spanmetrics', not supported by Spandrel\n"
            "c.yaml:4:29: connectors: unknown connector 'spanmetric'; known here: forward, "
            "count\n"},
        BadCase{
            "receivers: {otlp: {endpont: x}, otlp/: , 9x: , 'otlp/a b': }\n"
            "exporters: {store: {endpoint: 5}, store / a: , store/a: }\n"
            "service:\n"
            "  pipelines:\n"
            "    traces: {receivers: [otlp], exporters: [stor, store/b, 7], processor: []}\n",
            "c.yaml:1:20: receivers::otlp: unknown key 'endpont'; did you mean 'endpoint'?\n"
            "c.yaml:1:33: receivers: 'otlp/' is not an id of the form type[/name]: the name "
            "after '/' is empty\n"
            "c.yaml:1:42: receivers: '9x' is not an id of the form type[/name]: a type is made "
            "of letters, digits and '_' and starts with a letter\n"
            "c.yaml:1:48: receivers: 'otlp/a b' is not an id of the form type[/name]: a name has "
            "no spaces, control characters or symbols\n"
            "c.yaml:2:31: exporters::store::endpoint: expected a string, found the number 5; put "
            "it in quotes\n"
            "c.yaml:2:48: exporters: 'store/a' is defined twice\n"
            "c.yaml:5:45: service::pipelines::traces::exporters: exporter 'stor' is not defined "
            "under exporters; did you mean 'store'?\n"
            "c.yaml:5:51: service::pipelines::traces::exporters: exporter 'store/b' is not "
            "defined under exporters; did you mean 'store/a'?\n"
            "c.yaml:5:60: service::pipelines::traces::exporters: expected a component id\n"
            "c.yaml:5:64: service::pipelines::traces: unknown key 'processor'; did you mean "
            "'processors'?\n"},
        BadCase{
            "receivers: {otlp: }\n"
            "processors: {batch: }\n"
            "exporters: {store: }\n"
            "service:\n"
            "  extensions: [query]\n"
            "  pipelins:\n"
            "  pipelines:\n"
            "    traces: {receivers: [otlp, otlp], processors: [batch, batch], exporters: }\n"
            "    metrics: {receivers: [otlp], exporters: [store]}\n"
            "    trace/2: {receivers: [otlp], exporters: [store]}\n"
            "    traces/3: 5\n",
            "c.yaml:5:16: service::extensions: extension 'query' is not defined under "
            "extensions\n"
            "c.yaml:6:3: service: unknown key 'pipelins'; did you mean 'pipelines'?\n"
            "c.yaml:8:5: service::pipelines::traces: a pipeline needs at least one exporter\n"
            "c.yaml:8:32: warning: service::pipelines::traces::receivers: receiver 'otlp' is "
            "listed twice\n"
            "c.yaml:8:59: service::pipelines::traces::processors: processor 'batch' is listed "
            "twice\n"
            "c.yaml:9:46: service::pipelines::metrics::exporters: exporter 'store' does not handle "
            "metrics\n"
            "c.yaml:10:5: service::pipelines::trace/2: unknown signal 'trace'; did you mean "
            "'traces'?\n"
            "c.yaml:11:5: service::pipelines::traces/3: a pipeline needs at least one receiver\n"
            "c.yaml:11:5: service::pipelines::traces/3: a pipeline needs at least one exporter\n"
            "c.yaml:11:15: service::pipelines::traces/3: expected a mapping, found the number "
            "5\n"},
        BadCase{"receivers: [otlp]\nexporters: x\nservice: {pipelines: }\n",
                "c.yaml:1:12: receivers: expected a mapping of components\n"
                "c.yaml:2:12: exporters: expected a mapping of components\n"
                "c.yaml:3:10: service::pipelines: a service needs at least one pipeline\n"},
        BadCase{"receivers: {otlp: }\nreceivers: {otlp: }\n",
                "c.yaml:2:1: key 'receivers' is written twice, first in line 1\n"}));

constexpr const char* kWhole =
    "receivers: {otlp: , spans: }\n"
    "processors: {batch: }\n"
    "exporters: {store: , otlp: , otlp/2: {auth: auth/a}}\n"
    "connectors: {forward: , forward/2: , forward/3: , count: , count/unused: }\n"
    "extensions: {query: , auth/a: , auth/b: }\n";

class ServiceConfigRefusesAsAWhole : public ServiceConfigTest,
                                     public testing::WithParamInterface<BadCase> {};

TEST_P(ServiceConfigRefusesAsAWhole, WithPlaceAndReason) {
  EXPECT_EQ(LoadText(kWhole + std::string(GetParam().yaml)), GetParam().problems);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ServiceConfigRefusesAsAWhole,
    testing::Values(
        BadCase{"service:\n"
                "  pipelines:\n"
                "    traces/a: {receivers: [otlp, forward/2], exporters: [forward]}\n"
                "    traces/b: {receivers: [forward], exporters: [forward/2, store]}\n"
                "    logs: {receivers: [otlp], processors: [batch], exporters: [otlp]}\n",
                "c.yaml:8:58: service::pipelines::traces/a::exporters: the pipelines go round: "
                "traces/a -> forward -> traces/b -> forward/2 -> traces/a\n"},
        BadCase{"service:\n"
                "  pipelines:\n"
                "    traces: {receivers: [otlp, forward], exporters: [forward]}\n",
                "c.yaml:8:54: service::pipelines::traces::exporters: the pipelines go round: "
                "traces -> forward -> traces\n"},
        BadCase{"service:\n"
                "  pipelines:\n"
                "    traces/a: {receivers: [otlp], exporters: [count]}\n"
                "    logs: {receivers: [count], exporters: [otlp]}\n"
                "    metrics: {receivers: [forward/2], exporters: [otlp]}\n"
                "    logs/2: {receivers: [otlp], exporters: [forward/3]}\n",
                "c.yaml:8:47: service::pipelines::traces/a::exporters: connector 'count' does not "
                "make logs of traces\n"
                "c.yaml:10:27: service::pipelines::metrics::receivers: connector 'forward/2' is a "
                "receiver here, but no pipeline has it among its exporters\n"
                "c.yaml:11:45: service::pipelines::logs/2::exporters: connector 'forward/3' is an "
                "exporter here, but no pipeline has it among its receivers\n"},
        BadCase{"service:\n"
                "  extensions: [query]\n"
                "  pipelines:\n"
                "    metrics: {receivers: [spans], exporters: [store, otlp/2]}\n"
                "    profiles: {receivers: [otlp], exporters: [otlp]}\n",
                "c.yaml:3:45: exporters::otlp/2::auth: extension 'auth/a' is not listed under "
                "service::extensions\n"
                "c.yaml:9:27: service::pipelines::metrics::receivers: receiver 'spans' does not "
                "handle metrics\n"
                "c.yaml:9:47: service::pipelines::metrics::exporters: exporter 'store' does not "
                "handle metrics\n"
                "c.yaml:10:5: service::pipelines::profiles: Spandrel handles traces, metrics and "
                "logs; remove the profiles pipeline\n"}));

TEST_F(ServiceConfigTest, ConnectorsExtensionsAndAddressesAreCheckedAsAWhole) {
  const std::string pipelines =
      "service:\n  extensions: [query, auth]\n"
      "  pipelines: {traces: {receivers: [otlp, otlp/2], exporters: [otlp, otlp/2]}}\n";
  EXPECT_EQ(LoadText("receivers: {otlp: {port: 4317}, otlp/2: {port: 4317}, spans: {port: 4317}}\n"
                     "exporters: {otlp: {auth: query}, otlp/2: {auth: none}}\n"
                     "extensions: {query: {port: 4317}, auth: }\n" +
                     pipelines),
            "c.yaml:1:13: receivers::otlp: port 4317 is also that of extension 'query'\n"
            "c.yaml:1:33: receivers::otlp/2: port 4317 is also that of extension 'query'\n"
            "c.yaml:2:26: exporters::otlp::auth: extension 'query' is not a server authenticator\n"
            "c.yaml:2:49: exporters::otlp/2::auth: extension 'none' is not defined under "
            "extensions\n");
  EXPECT_EQ(LoadText("receivers: {otlp: {port: 1}, otlp/2: {port: 2}}\n"
                     "exporters: {otlp: {auth: auth}, otlp/2: }\n"
                     "extensions: {query: {port: 3}, auth: }\n" +
                     pipelines),
            "");
  EXPECT_EQ(LoadText("receivers: {otlp: , otlp/2: }\n"
                     "exporters: {otlp: {auth: auth}, otlp/2: }\n"
                     "extensions: {query: , auth: {idle: true}}\n" +
                     pipelines),
            "c.yaml:2:26: exporters::otlp::auth: extension 'auth' is not a server authenticator: "
            "it is idle\n");
  EXPECT_EQ(LoadText("receivers: {otlp: , otlp/2: }\n"
                     "exporters: {otlp: , otlp/2: }\n"
                     "extensions: {query: {auth: auth}, auth: {auth: auth}}\n" +
                     pipelines),
            "c.yaml:3:48: extensions::auth::auth: the extensions use one another in a circle: "
            "auth -> auth\n");
  factories_.connectors[0].info.aliases = {"otlp"};
  EXPECT_EQ(LoadText("receivers: {otlp: , otlp/2: }\n"
                     "exporters: {otlp: , otlp/2: }\n"
                     "connectors: {otlp: }\n"
                     "extensions: {query: , auth: }\n" +
                     pipelines),
            "c.yaml:3:14: connectors: 'otlp' is also the id of a receiver; ids of connectors stand "
            "for themselves\n");
}

TEST_F(ServiceConfigTest, ADirectoryIsOfOneUsedComponent) {
  const std::string rest =
      "receivers: {otlp: }\nexporters: {otlp: , store: {directory: ./data}}\n"
      "service: {extensions: [query, auth], pipelines: {traces: {receivers: [otlp], exporters: "
      "[otlp]}}}\n";
  EXPECT_EQ(
      LoadText("extensions: {query: {directory: ./data}, auth: {directory: x/../data/}}\n" + rest),
      "c.yaml:1:60: extensions::auth::directory: directory 'x/../data/' is also that of "
      "extension 'query'\n");
  EXPECT_EQ(LoadText("extensions: {query: {directory: ./data}, auth: {directory: data2}}\n" + rest),
            "");
}

TEST(ComponentId, HasBounds) {
  EXPECT_TRUE(ParseComponentId(std::string(63, 'a')).ok());
  EXPECT_FALSE(ParseComponentId(std::string(64, 'a')).ok());
  EXPECT_TRUE(ParseComponentId("a/" + std::string(1024, 'b')).ok());
  EXPECT_FALSE(ParseComponentId("a/" + std::string(1025, 'b')).ok());
  EXPECT_TRUE(ParseComponentId("a_1/b/c-d.e:f").ok());
  for (const char* bad : {"", "/a", "a/", "_a", "a-b", "a/b c", "a/b$", "a/\x01", "a/x|y"}) {
    EXPECT_FALSE(ParseComponentId(bad).ok()) << bad;
  }
}

TEST_F(ServiceConfigTest, DescribesComponents) {
  const std::string text = DescribeComponents(factories_);
  EXPECT_EQ(text.substr(0, text.find("processors:")),
            "receivers:\n"
            "  - name: otlp\n"
            "    stability:\n"
            "      traces: beta\n"
            "      metrics: beta\n"
            "      logs: beta\n"
            "    summary: \"Receives OTLP.\"\n"
            "  - name: spans\n"
            "    stability:\n"
            "      traces: beta\n"
            "    summary: \"Receives spans.\"\n");
  EXPECT_NE(text.find("  - name: count\n    stability:\n      traces-to-metrics: beta\n"),
            std::string::npos);
  EXPECT_NE(text.find("  - name: otlp_grpc\n    aliases:\n      - otlp\n"), std::string::npos);
}

TEST_F(ServiceConfigTest, PrintsTheEffectiveConfiguration) {
  config::Problems problems;
  const auto service =
      Load(std::vector<config::Source>{{"built-in",
                                        "receivers: {otlp: }\nexporters: {store: }\nservice: "
                                        "{pipelines: {traces: {receivers: [otlp], exporters: "
                                        "[store]}}}\n"},
                                       {"yaml:exporters::store: {endpoint: 'a://u:p@h'}", {}}},
           {"receivers.otlp.endpoint=localhost:0"}, factories_, &problems);
  EXPECT_EQ(problems.ToString(), "");
  ASSERT_TRUE(service.ok());
  EXPECT_EQ(PrintConfig(*service, ConfigFormat::kYaml),
            "receivers:\n"
            "  otlp:\n"
            "    endpoint: \"localhost:0\"\n"
            "exporters:\n"
            "  store:\n"
            "    endpoint: \"a://u:[REDACTED]@h\"\n"
            "service:\n"
            "  pipelines:\n"
            "    traces:\n"
            "      receivers:\n"
            "        - otlp\n"
            "      exporters:\n"
            "        - store\n");
  EXPECT_EQ(PrintConfig(*service, ConfigFormat::kJson).substr(0, 19), "{\n  \"receivers\": {\n");
}

}  // namespace
}  // namespace spandrel::pipeline
