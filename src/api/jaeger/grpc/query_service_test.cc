// SPDX-License-Identifier: Apache-2.0
// The gRPC services on a real socket, asked by libgrpc++.
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "api/grpc/rpc_router.h"
#include "api/jaeger/grpc/query_messages.h"
#include "api/testing/rpc.h"
#include "proto/field_reader.h"
#include "proto/writer.h"
#include "wire/jaeger/jaeger.h"

namespace spandrel::api {
namespace {

using conformance::TestSpan;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kService = "/jaeger.api_v3.QueryService/";

using Answer = RpcAnswer;

class QueryServiceTest : public RpcTest {
 protected:
  static std::string GetTraceRequest(uint64_t trace) {
    std::string message;
    proto::Writer(&message).Bytes(1, conformance::TraceIdOf(trace).ToHex());
    return message;
  }
  // With pages of that size when `page_field`, which the protocols number differently, is given.
  static std::string FindTracesRequest(const std::string& service, uint32_t page_field = 0,
                                       uint64_t page_size = 0, const std::string& token = {}) {
    std::string message;
    proto::Writer writer(&message);
    const size_t query = writer.Open(1);
    writer.Bytes(1, service);
    if (page_field > 0) {
      const size_t page = writer.Open(page_field);
      writer.Varint(1, page_size);
      writer.Bytes(2, token);
      writer.Close(page);
    }
    for (const uint32_t time : {4U, 5U}) {
      const size_t opened = writer.Open(time);
      writer.Varint(1, time == 4 ? 0 : 4'000'000'000);
      writer.Close(opened);
    }
    writer.Close(query);
    return message;
  }
  static size_t SpansOf(const std::string& traces_data) {
    const auto decoded =
        wire::DecodeOtlpProtobuf(base::SharedBytes(std::make_shared<std::string>(traces_data)));
    EXPECT_TRUE(decoded.ok()) << decoded.status().ToString();
    return decoded.ok() ? span::SpanBatch(decoded->chunk).span_count() : 0;
  }
};

TEST_F(QueryServiceTest, ServicesAndOperations) {
  Fill({{.span = 1, .service = "shop", .name = "buy", .kind = span::SpanKind::kServer},
        {.span = 2, .service = "shop", .name = "look"}});
  const Answer services = Call(std::string(kService) + "GetServices", "");
  ASSERT_TRUE(services.status.ok()) << services.status.error_message();
  EXPECT_THAT(services.messages, ElementsAre(ServicesResponse({"shop"})));
  std::string question;
  proto::Writer(&question).Bytes(1, "shop");
  EXPECT_THAT(Call(std::string(kService) + "GetOperations", question).messages,
              ElementsAre(OperationsResponse(
                  {{"buy", span::SpanKind::kServer}, {"look", span::SpanKind::kInternal}}, "",
                  JaegerApi::kQuery)));
  proto::Writer(&question).Bytes(2, "SERVER");
  EXPECT_THAT(
      Call(std::string(kService) + "GetOperations", question).messages,
      ElementsAre(OperationsResponse({{"buy", span::SpanKind::kServer}}, "", JaegerApi::kQuery)));
}

TEST_F(QueryServiceTest, ATraceIsStreamedInMessagesThatClientsTake) {
  std::vector<TestSpan> spans;
  for (uint64_t i = 1; i <= 3'000; ++i) {
    spans.push_back({.trace = 7, .span = i, .attributes = {{"text", std::string(3'000, 'x')}}});
  }
  Fill(spans);
  const Answer answer = Call(std::string(kService) + "GetTrace", GetTraceRequest(7));
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_GT(answer.messages.size(), 3U);
  size_t count = 0;
  for (const std::string& message : answer.messages) count += SpansOf(message);
  EXPECT_EQ(count, 3'000U);
}

TEST_F(QueryServiceTest, SearchesAreAnsweredTraceByTrace) {
  Fill({{.trace = 1, .span = 1, .service = "a"},
        {.trace = 2, .span = 2, .service = "a"},
        {.trace = 3, .span = 3, .service = "b"}});
  const Answer answer = Call(std::string(kService) + "FindTraces", FindTracesRequest("a"));
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_EQ(answer.messages.size(), 2U);
}

TEST_F(QueryServiceTest, WhatIsWrongHasAStatus) {
  EXPECT_EQ(Call(std::string(kService) + "GetTrace", GetTraceRequest(7)).status.error_code(),
            grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Call(std::string(kService) + "GetTrace", "").status.error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Call(std::string(kService) + "GetTrace", "\xff\xff").status.error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Call(std::string(kService) + "FindTraces", "").status.error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Call(std::string(kService) + "Nothing", "").status.error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

// The first field of that number with bytes.
std::string BytesOf(std::string_view message, uint32_t number) {
  for (proto::Field field; proto::NextField(&message, &field);) {
    if (field.number == number && field.is_bytes()) return std::string(field.bytes);
  }
  return "";
}
size_t CountOf(std::string_view message, uint32_t number) {
  size_t count = 0;
  for (proto::Field field; proto::NextField(&message, &field);) count += field.number == number;
  return count;
}

TEST_F(QueryServiceTest, SummariesComeInPages) {
  std::vector<TestSpan> spans;
  for (uint64_t i = 1; i <= 250; ++i) {
    spans.push_back({.trace = i, .span = i, .service = "a", .start = 1'000'000'000 * i});
  }
  Fill(spans);
  const std::string path = "/jaeger.api_v3.QueryService/FindTraceSummaries";
  std::string token;
  std::vector<std::string> ids;
  do {
    const Answer answer = Call(path, FindTracesRequest("a", 11, 120, token));
    ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
    token.clear();
    for (const std::string& message : answer.messages) {
      std::string_view rest = message;
      for (proto::Field field; proto::NextField(&rest, &field);) {
        if (field.number == 1) ids.push_back(BytesOf(field.bytes, 1));
      }
      token = BytesOf(message, 2);
    }
  } while (!token.empty());
  ASSERT_EQ(ids.size(), 250U);
  for (uint64_t i = 0; i < 250; ++i) EXPECT_EQ(ids[i], conformance::TraceIdOf(250 - i).ToHex());
  EXPECT_EQ(Call(path, FindTracesRequest("a", 11, 120, "odd")).status.error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(QueryServiceTest, AJaegerReadsItAsItsStorage) {
  TestSpan client{.trace = 1, .span = 1, .service = "a", .kind = span::SpanKind::kClient};
  client.attributes = {{"n", int64_t{42}}};
  TestSpan server{.trace = 1, .span = 1, .service = "b", .kind = span::SpanKind::kServer};
  Fill({client, server, {.trace = 2, .span = 2, .service = "a"}});
  const std::string reader = "/jaeger.storage.v2.TraceReader/";
  EXPECT_THAT(Call(reader + "GetServices", "").messages, ElementsAre(ServicesResponse({"a", "b"})));

  // Two that are there and one that is not; as they were sent.
  std::string wanted;
  proto::Writer writer(&wanted);
  for (const uint64_t trace : {2, 9, 1}) {
    const size_t opened = writer.Open(1);
    writer.Bytes(1, conformance::TraceIdOf(trace).view());
    writer.Close(opened);
  }
  const Answer traces = Call(reader + "GetTraces", wanted);
  ASSERT_TRUE(traces.status.ok()) << traces.status.error_message();
  ASSERT_EQ(traces.messages.size(), 2U);
  EXPECT_EQ(SpansOf(traces.messages[0]), 1U);
  EXPECT_EQ(SpansOf(traces.messages[1]), 2U);
  EXPECT_EQ(traces.messages[1].find("this server span"), std::string::npos);

  const Answer ids = Call(reader + "FindTraceIDs", FindTracesRequest("a", 10, 1, ""));
  ASSERT_EQ(ids.messages.size(), 1U);
  EXPECT_EQ(CountOf(ids.messages[0], 1), 1U);
  EXPECT_FALSE(BytesOf(ids.messages[0], 2).empty());
  EXPECT_EQ(BytesOf(BytesOf(ids.messages[0], 1), 1).size(), 16U);
  const Answer summaries = Call(reader + "FindTraceSummaries", FindTracesRequest("b"));
  ASSERT_EQ(summaries.messages.size(), 1U);
  EXPECT_EQ(BytesOf(BytesOf(summaries.messages[0], 1), 1), conformance::TraceIdOf(1).view());

  // An attribute with its type: n = 42. Times may be missing.
  std::string typed;
  proto::Writer question(&typed);
  const size_t query = question.Open(1);
  const size_t attribute = question.Open(3);
  question.Bytes(1, "n");
  question.Bytes(2, std::string("\x18\x2a"));
  question.Close(attribute);
  question.Close(query);
  EXPECT_EQ(Call(reader + "FindTraces", typed).messages.size(), 1U);

  EXPECT_EQ(Call("/jaeger.storage.v2.Capabilities/GetCapabilities", "").messages.size(), 1U);
  std::string range;
  proto::Writer times(&range);
  for (const uint32_t time : {1U, 2U}) {
    const size_t opened = times.Open(time);
    times.Varint(1, time == 1 ? 0 : 4'000'000'000);
    times.Close(opened);
  }
  EXPECT_TRUE(Call("/jaeger.storage.v2.DependencyReader/GetDependencies", range).status.ok());
}

std::string TimesRequest(uint64_t first_second, uint64_t last_second) {
  std::string request;
  proto::Writer writer(&request);
  for (const uint32_t time : {1U, 2U}) {
    const proto::NestedMessage opened(writer, time);
    writer.Varint(1, time == 1 ? first_second : last_second);
  }
  return request;
}

std::string BytesRequest(std::string_view bytes) {
  std::string request;
  proto::Writer(&request).Bytes(1, bytes);
  return request;
}

// The spans of chunks, decoded as the messages of the ingest, which they resemble.
std::vector<wire::JaegerBatchSpan> SpansOfChunks(const std::vector<std::string>& chunks) {
  std::vector<wire::JaegerBatchSpan> spans;
  for (const std::string& chunk : chunks) {
    auto batch = wire::DecodePostSpansRequest(BytesRequest(chunk));
    EXPECT_TRUE(batch.ok()) << batch.status().ToString();
    if (!batch.ok()) continue;
    for (auto& span : batch->spans) spans.push_back(std::move(span));
  }
  return spans;
}

constexpr const char* kLegacy = "/jaeger.api_v2.QueryService/";

TEST_F(QueryServiceTest, ItsElderAnswersInJaegersModel) {
  TestSpan server{.trace = 7, .span = 2, .parent = 1, .service = "b", .name = "serve"};
  server.kind = span::SpanKind::kServer;
  server.attributes = {{"n", int64_t{42}}};
  Fill({{.trace = 7, .span = 1, .service = "a", .name = "call"}, server});
  const std::string service(kLegacy);
  EXPECT_THAT(Call(service + "GetServices", "").messages,
              ElementsAre(ServicesResponse({"a", "b"})));
  const Answer operations = Call(service + "GetOperations", BytesRequest("b"));
  ASSERT_EQ(operations.messages.size(), 1U);
  EXPECT_EQ(BytesOf(operations.messages[0], 1), "serve");
  EXPECT_EQ(BytesOf(BytesOf(operations.messages[0], 2), 2), "server");

  const std::string id(conformance::TraceIdOf(7).view());
  const Answer trace = Call(service + "GetTrace", BytesRequest(id));
  ASSERT_TRUE(trace.status.ok()) << trace.status.error_message();
  const auto spans = SpansOfChunks(trace.messages);
  ASSERT_EQ(spans.size(), 2U);
  for (const auto& [span, process] : spans) {
    ASSERT_TRUE(process.has_value());
    EXPECT_EQ(process->service_name, span.operation_name == "serve" ? "b" : "a");
    EXPECT_EQ(span.trace_id, conformance::TraceIdOf(7));
  }
  EXPECT_EQ(SpansOfChunks(Call(service + "FindTraces", FindTracesRequest("b")).messages).size(),
            2U);
  EXPECT_TRUE(Call(service + "FindTraces", FindTracesRequest("c")).messages.empty());
  const Answer calls = Call(service + "GetDependencies", TimesRequest(0, 4'000'000'000));
  EXPECT_TRUE(calls.status.ok()) << calls.status.error_message();
  EXPECT_TRUE(Call(service + "GetDependencies", "").status.ok());
}

TEST_F(QueryServiceTest, WhatIsWrongWithAnEldersQuestionIsSaidToo) {
  const std::string service(kLegacy);
  const auto code = [&](const std::string& method, const std::string& message) {
    return Call(service + method, message).status.error_code();
  };
  EXPECT_EQ(code("GetTrace", BytesRequest(std::string(16, 'x'))), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(code("GetTrace", BytesRequest("12345678")), grpc::StatusCode::NOT_FOUND);
  for (const std::string& id : {std::string("0af7651916cd43dd8448eb211c80319c"),
                                std::string("short"), std::string(16, '\0'), std::string()}) {
    EXPECT_EQ(code("GetTrace", BytesRequest(id)), grpc::StatusCode::INVALID_ARGUMENT) << id;
    EXPECT_EQ(code("ArchiveTrace", BytesRequest(id)), grpc::StatusCode::INVALID_ARGUMENT) << id;
  }
  EXPECT_EQ(code("ArchiveTrace", BytesRequest(std::string(16, 'x'))),
            grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(code("GetDependencies", TimesRequest(9, 8)), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(code("FindTraces", "\xff"), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(QueryServiceTest, ALargeTraceOfItsElderComesInMessagesThatClientsTake) {
  std::vector<TestSpan> spans;
  for (uint64_t i = 1; i <= 3'000; ++i) {
    spans.push_back({.trace = 7, .span = i, .attributes = {{"text", std::string(3'000, 'x')}}});
  }
  Fill(spans);
  const std::string id(conformance::TraceIdOf(7).view());
  const Answer answer = Call(std::string(kLegacy) + "GetTrace", BytesRequest(id));
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_GT(answer.messages.size(), 3U);
  EXPECT_EQ(SpansOfChunks(answer.messages).size(), 3'000U);
}

TEST_F(QueryServiceTest, CallsPassTheStepsAndHealthDoesNotLogIn) {
  endpoints::ListenerConfig listener;
  listener.endpoint = {"0.0.0.0", 0};
  listener.auth.emplace();
  listener.auth->bearer.emplace();
  listener.auth->bearer->token = "t0ken";
  const auto gate =
      *endpoints::Gate::Make(listener, endpoints::DefaultHosts::kOwn, "test", metrics_);
  auto workers = std::make_unique<base::WorkerPool>(1, 8);
  Service guarded({store_, metrics_, *workers, [] { return TestStatus(); }, {}, clock_},
                  {{.gate = gate.get(), .tenants = true, .memory = &memory_}, {}});
  Serve(guarded);
  const std::string path = std::string(kService) + "GetServices";
  EXPECT_EQ(Call(path, "").status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  const std::pair<std::string, std::string> login{"authorization", "Bearer t0ken"};
  const Answer no_tenant = Call(path, "", {login});
  EXPECT_EQ(no_tenant.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(no_tenant.status.error_message(), HasSubstr("X-Scope-OrgID"));
  EXPECT_TRUE(Call(path, "", {login, {"x-scope-orgid", "blue"}}).status.ok());
  EXPECT_THAT(Call("/grpc.health.v1.Health/Check", "").messages, ElementsAre("\x08\x01"));
  std::string unknown;
  proto::Writer(&unknown).Bytes(1, "nothing");
  EXPECT_EQ(Call("/grpc.health.v1.Health/Check", unknown).status.error_code(),
            grpc::StatusCode::NOT_FOUND);
  server_->Shutdown(std::chrono::steady_clock::now());
  workers.reset();  // they count after they have answered
}

// A call that is read as its messages come. Those of one test share a connection, which has a
// hundred streams, unless they ask for their own.
class WatchCall {
 public:
  enum class Connection : bool { kShared, kOwn };

  WatchCall(const std::string& address, const std::string& message,
            Connection connection = Connection::kShared)
      : stub_(grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(),
                                        ArgumentsOf(connection))) {
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(2));
    call_ = stub_.PrepareCall(&context_, "/grpc.health.v1.Health/Watch", &queue_);
    call_->StartCall(this);
    Next();
    const grpc::Slice slice(message);
    call_->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), this);
    Next();
  }

  // Empty at the end.
  std::string Read() {
    grpc::ByteBuffer buffer;
    call_->Read(&buffer, this);
    return Next() ? ToString(buffer) : "";
  }
  grpc::Status Finish() {
    grpc::Status status;
    call_->Finish(&status, this);
    Next();
    return status;
  }
  void Cancel() { context_.TryCancel(); }

 private:
  static grpc::ChannelArguments ArgumentsOf(Connection connection) {
    grpc::ChannelArguments arguments;
    if (connection == Connection::kOwn) arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return arguments;
  }
  bool Next() {
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
};

TEST_F(QueryServiceTest, WhoWatchesIsToldWhenTheServerStops) {
  const std::string address = server_->bound().ToString();
  std::string query_service;
  proto::Writer(&query_service).Bytes(1, "jaeger.api_v3.QueryService");
  std::string unknown;
  proto::Writer(&unknown).Bytes(1, "nothing");
  WatchCall all(address, "");
  WatchCall one(address, query_service);
  WatchCall none(address, unknown);
  WatchCall gone(address, "");
  EXPECT_EQ(all.Read(), "\x08\x01");
  EXPECT_EQ(one.Read(), "\x08\x01");
  EXPECT_EQ(none.Read(), "\x08\x03");
  EXPECT_EQ(gone.Read(), "\x08\x01");
  gone.Cancel();
  EXPECT_EQ(gone.Finish().error_code(), grpc::StatusCode::CANCELLED);

  service_.StopAt(std::chrono::steady_clock::now());
  EXPECT_EQ(all.Read(), "\x08\x02");
  EXPECT_EQ(all.Read(), "");
  EXPECT_EQ(all.Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(one.Read(), "\x08\x02");
  EXPECT_EQ(none.Read(), "\x08\x02");
  EXPECT_THAT(Call("/grpc.health.v1.Health/Check", "").messages, ElementsAre("\x08\x02"));
  EXPECT_EQ(WatchCall(address, "").Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(QueryServiceTest, WhoWatchesIsToldWhileNoSpansAreTaken) {
  std::atomic<bool> is_full = false;
  base::HealthBoard board;
  const auto store = board.Add("store", [&is_full] {
    return base::Health{is_full ? base::HealthLevel::kRefusing : base::HealthLevel::kOk, ""};
  });
  Service service({store_, metrics_, *workers_, [] { return TestStatus(); }, {}, clock_, &board});
  const PoolEnd pool_end(workers_);
  Serve(service);
  WatchCall all(server_->bound().ToString(), "");
  EXPECT_EQ(all.Read(), "\x08\x01");
  is_full = true;
  EXPECT_EQ(all.Read(), "\x08\x02");
  std::string query_service;
  proto::Writer(&query_service).Bytes(1, "jaeger.api_v3.QueryService");
  EXPECT_THAT(Call("/grpc.health.v1.Health/Check", query_service).messages,
              ElementsAre("\x08\x01"));
  is_full = false;
  EXPECT_EQ(all.Read(), "\x08\x01");
  service.StopAt(std::chrono::steady_clock::now());
  server_->Shutdown(std::chrono::steady_clock::now());
}

TEST_F(QueryServiceTest, AFewMayWatchAtATime) {
  const std::string address = server_->bound().ToString();
  std::vector<std::unique_ptr<WatchCall>> calls;
  for (int i = 0; i < 100; ++i) {
    calls.push_back(std::make_unique<WatchCall>(address, ""));
    ASSERT_EQ(calls.back()->Read(), "\x08\x01") << i;
  }
  const auto own = WatchCall::Connection::kOwn;
  EXPECT_EQ(WatchCall(address, "", own).Finish().error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  calls.front()->Cancel();
  EXPECT_FALSE(calls.front()->Finish().ok());
  std::string first;
  while (first.empty()) first = WatchCall(address, "", own).Read();  // until the server sees it
  EXPECT_EQ(first, "\x08\x01");
}

TEST(GrpcTimeoutTest, DigitsAndAUnit) {
  EXPECT_EQ(**ParseGrpcTimeout("10S"), std::chrono::seconds(10));
  EXPECT_EQ(**ParseGrpcTimeout("250m"), std::chrono::milliseconds(250));
  EXPECT_EQ(**ParseGrpcTimeout("99999999H"), std::chrono::nanoseconds(INT64_MAX));
  EXPECT_FALSE(ParseGrpcTimeout("")->has_value());
  for (const char* wrong : {"S", "10", "10s", "-1S", "100000000S", "1.5S"}) {
    EXPECT_FALSE(ParseGrpcTimeout(wrong).ok()) << wrong;
  }
}

}  // namespace
}  // namespace spandrel::api
