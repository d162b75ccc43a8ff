// SPDX-License-Identifier: Apache-2.0
// Headers as strangers send them, in through each adapter's server side and out through each
// client side: nothing that a carrier forbids goes out, and what is left out is counted. Then over
// the wire, from an HTTP request to a gRPC call, which libgrpc ends the process for.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "instrument/testing/carrier_pairs.h"
#include "instrument/testing/httplib_server.h"
#include "instrument/testing/recording.h"
#include "opentelemetry/baggage/baggage_context.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h"
#include "sdk/propagation/propagator.h"
#include "spandrel/curl.h"
#include "spandrel/grpc.h"
#include "spandrel/propagation.h"

namespace spandrel::instrument {
namespace {

namespace otlp = opentelemetry::proto::collector::trace::v1;

const std::string kTrace = "0af7651916cd43dd8448eb211c80319c";
const std::string kParent = "b7ad6b7169203331";
const std::string kTraceParent = "00-" + kTrace + "-" + kParent + "-01";
constexpr char kAll[] = "tracecontext,baggage,b3,b3multi,jaeger";

// Bytes that some carrier or some parser has a view on.
std::vector<std::string> Specials() {
  std::vector<std::string> specials;
  for (const int c : {0x00, 0x01, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0d, 0x1b, 0x1f, 0x20, 0x22,
                      0x25, 0x2c, 0x3a, 0x3b, 0x3d, 0x40, 0x5c, 0x7f, 0x80, 0xa0, 0xc3, 0xff}) {
    specials.emplace_back(1, static_cast<char>(c));
  }
  for (const char* text : {"\r\nx-evil: 1", "%0d%0a", "%00", "%", "%zz", "\xC3\xA4", "\xED\xA0\x80",
                           "\t\t", " \t ", "%09"}) {
    specials.emplace_back(text);
  }
  return specials;
}

// A special text at each place of each header where a stranger can put it.
std::vector<Lines> HostileRequests() {
  const std::string parts[] = {"baggage: k@=v",
                               "baggage: k=@v",
                               "baggage: k=v@",
                               "baggage: k=v;@p=1",
                               "baggage: k=v;p@=1",
                               "baggage: k=v;p=@1",
                               "baggage: k=v;p=1@;q",
                               "baggage: k=v;q@",
                               "baggage: @k=v,l=w",
                               "tracestate: a@=1,b=2",
                               "tracestate: a=@1,b=2",
                               "tracestate: a=1@,b=2",
                               "tracestate: @a=1",
                               "traceparent: @" + kTraceParent,
                               "traceparent: " + kTraceParent + "@",
                               "b3: " + kTrace + "-" + kParent + "-1@",
                               "x-b3-traceid: " + kTrace + "@",
                               "uber-trace-id: " + kTrace + ":" + kParent + ":0:1@",
                               "uberctx-k: v@"};
  std::vector<Lines> requests;
  for (const std::string& part : parts) {
    for (const std::string& special : Specials()) {
      const size_t colon = part.find(": ");
      std::string value = part.substr(colon + 2);
      value.replace(value.find('@'), 1, special);
      Lines lines = {{part.substr(0, colon), value}};
      if (lines[0].first != "traceparent") lines.emplace_back("traceparent", kTraceParent);
      requests.push_back(std::move(lines));
    }
  }
  std::string many;
  for (int i = 0; i < 200; ++i) many += "k" + std::to_string(i) + "=v;\tp=\t1,";
  for (const std::string& baggage : {many, "k=" + std::string(8'000, 'v'),
                                     "k=v;" + std::string(8'000, 'p'), std::string(20'000, ',')}) {
    requests.push_back({{"traceparent", kTraceParent}, {"baggage", baggage}});
  }
  return requests;
}

class HostileHeadersTest : public testing::Test {
 protected:
  HostileHeadersTest() { context::Install(); }

  Outgoing OutgoingWith(const PropagatorPtr& propagator) {
    return {recording_.options().tracer_provider, propagator};
  }
  // All that goes out is legal and, where the trace was joined, says so.
  static void ExpectLegal(Adapter client, const Lines& sent) {
    for (const Line& line : sent) {
      EXPECT_TRUE(IsLegal(client, line))
          << static_cast<int>(client) << " " << line.first << ": " << testing::PrintToString(line);
    }
  }

  Recording recording_;
};

TEST_F(HostileHeadersTest, NothingIllegalGoesOutOfAnyPairOfAdapters) {
  const std::vector<Lines> requests = HostileRequests();
  EXPECT_GE(requests.size(), 214u);
  for (const char* names : {"tracecontext,baggage", kAll}) {
    const PropagatorPtr propagator = sdk::MakePropagators(names);
    const Outgoing outgoing = OutgoingWith(propagator);
    for (const Lines& request : requests) {
      for (const Adapter server : kServers) {
        const Context context = ExtractBy(server, propagator, request);
        for (const Adapter client : kClients)
          ExpectLegal(client, InjectBy(client, outgoing, context));
      }
    }
  }
}

// Propagators that others wrote may set anything.
TEST_F(HostileHeadersTest, AForeignPropagatorsIllegalPairsAreLeftOutAndCounted) {
  const Lines bad_everywhere = {{"x-a", "b\r\nx-evil: 1"},
                                {"x-b", std::string("a\0b", 3)},
                                {"x-c", "\x7f"},
                                {"", "v"},
                                {"x d", "v"},
                                {"x:e", "v"},
                                {"x\nf", "v"},
                                {"x-g\r\n", "v"},
                                {":path", "/"},
                                {"x-long", std::string(70'000, 'v')}};
  const Lines bad_for_grpc = {{"x-tab", "a\tb"},
                              {"x-latin", "\xE4"},
                              {"x-utf8", "\xC3\xA4"},
                              {"x!token", "v"},
                              {"grpc-timeout", "1S"},
                              {"-bin", "\xFF"},
                              {"x-long-enough", std::string(8'000, 'v')}};
  const Lines bad_for_http = {{"x-edge", " v"}, {"x-edges", "v\t"}};
  const Lines good = {{"X-B3-TraceId", "0123"}, {"x-empty", ""}, {"x-text", "a b=c;d,\"e\"\\"}};
  Lines all = good;
  for (const Lines* lines : {&bad_everywhere, &bad_for_grpc, &bad_for_http}) {
    all.insert(all.end(), lines->begin(), lines->end());
  }
  const Outgoing outgoing = OutgoingWith(PropagatorPtr(new AnyPairs(all)));
  for (const Adapter client : kClients) {
    const uint64_t before = propagation::UnsendablePairs();
    const Lines sent = InjectBy(client, outgoing, Context());
    ExpectLegal(client, sent);
    const bool grpc = client == Adapter::kGrpc;
    const size_t dropped = bad_everywhere.size() + (grpc ? bad_for_grpc.size() + 1 : 2);
    EXPECT_EQ(propagation::UnsendablePairs() - before, dropped) << static_cast<int>(client);
    EXPECT_EQ(sent.size(), all.size() - dropped) << static_cast<int>(client);
    const std::map<std::string, std::string> by_name(sent.begin(), sent.end());
    EXPECT_EQ(by_name.count(grpc ? "x-b3-traceid" : "X-B3-TraceId"), 1u);
  }
}

// What of propagators' own is legal in HTTP and not in metadata.
TEST_F(HostileHeadersTest, JaegerBaggageOfAnyTokenIsNoMetadata) {
  const PropagatorPtr propagator = sdk::MakePropagators("jaeger");
  Context none;
  const Context context = opentelemetry::baggage::SetBaggage(
      none, opentelemetry::nostd::shared_ptr<opentelemetry::baggage::Baggage>(
                new opentelemetry::baggage::Baggage(
                    std::map<std::string, std::string>{{"a!b", "1"}, {"UPPER", "2"}, {"c", "3"}})));
  const uint64_t before = propagation::UnsendablePairs();
  const Lines sent = InjectBy(Adapter::kGrpc, OutgoingWith(propagator), context);
  ExpectLegal(Adapter::kGrpc, sent);
  std::set<std::string> names;
  for (const Line& line : sent) names.insert(line.first);
  EXPECT_EQ(names, (std::set<std::string>{"uber-trace-id", "uberctx-c", "uberctx-upper"}));
  EXPECT_EQ(propagation::UnsendablePairs() - before, 1u);
}

// A traced HTTP service that makes a traced gRPC call.
class HttpToGrpcTest : public HostileHeadersTest {
 protected:
  class Backend final : public otlp::TraceService::Service {
   public:
    std::multimap<std::string, std::string> metadata;
    ::grpc::Status Export(::grpc::ServerContext* context, const otlp::ExportTraceServiceRequest*,
                          otlp::ExportTraceServiceResponse*) override {
      metadata.clear();
      for (const auto& [key, value] : context->client_metadata()) {
        metadata.emplace(std::string(key.data(), key.size()),
                         std::string(value.data(), value.size()));
      }
      return ::grpc::Status::OK;
    }
  };

  HttpToGrpcTest() : server_(recording_.options()) {
    int port = 0;
    ::grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", ::grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&backend_);
    grpc_server_ = builder.BuildAndStart();
    grpc::Options options;
    options.tracer_provider = recording_.options().tracer_provider;
    const auto channel = grpc::CreateChannel("127.0.0.1:" + std::to_string(port),
                                             ::grpc::InsecureChannelCredentials(), options);
    stub_ = otlp::TraceService::NewStub(channel);
    server_->Get("/", [this](const ::httplib::Request&, ::httplib::Response& response) {
      ::grpc::ClientContext context;
      context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
      otlp::ExportTraceServiceResponse answer;
      const ::grpc::Status status = stub_->Export(&context, {}, &answer);
      response.status = status.ok() ? 200 : 500;
      response.set_content(status.error_message(), "text/plain");
    });
    server_.Start();
  }
  ~HttpToGrpcTest() override {
    server_.Stop();
    grpc_server_->Shutdown();
    grpc_server_->Wait();
  }

  // The status of a request with that baggage.
  long Get(const std::string& baggage) {
    CURL* const easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, server_.Url("/").c_str());
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 20'000L);
    curl_easy_setopt(
        easy, CURLOPT_WRITEFUNCTION, +[](char*, size_t, size_t size, void*) { return size; });
    curl_slist* headers = curl_slist_append(nullptr, ("traceparent: " + kTraceParent).c_str());
    headers = curl_slist_append(headers, ("baggage: " + baggage).c_str());
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    EXPECT_EQ(curl_easy_perform(easy), CURLE_OK);
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(easy);
    return status;
  }
  std::string Arrived(const std::string& key) const {
    const auto found = backend_.metadata.find(key);
    return found == backend_.metadata.end() ? "" : found->second;
  }

  Backend backend_;
  std::unique_ptr<::grpc::Server> grpc_server_;
  std::unique_ptr<otlp::TraceService::Stub> stub_;
  TestServer server_;
};

TEST_F(HttpToGrpcTest, TabsOfABaggagePropertyEndNoProcess) {
  EXPECT_EQ(Get("k=v;\tprop=\t1"), 200);
  EXPECT_EQ(Arrived("baggage"), "k=v;prop=1");
  EXPECT_EQ(Arrived("traceparent").substr(3, 32), kTrace);
  for (const std::string& special : Specials()) {
    if (special.find_first_of(std::string("\0\r\n", 3)) != std::string::npos) continue;
    EXPECT_EQ(Get("k=v" + special + ";" + special + "p" + special + "=" + special + "1"), 200);
    EXPECT_EQ(Arrived("traceparent").substr(3, 32), kTrace);
  }
}

// gRPC servers refuse calls with more than 8 KiB of metadata.
TEST_F(HttpToGrpcTest, LongBaggageFailsNoCall) {
  EXPECT_EQ(Get("k=" + std::string(6'500, 'v')), 200);
  EXPECT_EQ(Arrived("baggage").size(), 6'502u);
  const uint64_t before = propagation::UnsendablePairs();
  EXPECT_EQ(Get("k=" + std::string(8'100, 'v')), 200);
  EXPECT_EQ(Arrived("baggage"), "");
  EXPECT_EQ(Arrived("traceparent").substr(3, 32), kTrace);
  EXPECT_EQ(propagation::UnsendablePairs() - before, 1u);
}

}  // namespace
}  // namespace spandrel::instrument
