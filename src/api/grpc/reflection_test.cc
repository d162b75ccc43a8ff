// SPDX-License-Identifier: Apache-2.0
#include "api/grpc/reflection.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/testing/rpc.h"
#include "proto/field_reader.h"
#include "proto/writer.h"

namespace spandrel::api {
namespace {

namespace pb = google::protobuf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

constexpr uint32_t kByName = 3, kBySymbol = 4, kByExtension = 5, kExtensionsOf = 6, kList = 7;
constexpr uint32_t kFiles = 4, kExtensions = 5, kServices = 6, kError = 7;
const std::string kPath = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

std::string Question(uint32_t kind, std::string_view name) {
  std::string question;
  proto::Writer(&question).Bytes(kind, name);
  return question;
}

std::vector<std::string> FieldsOf(std::string_view message, uint32_t number) {
  std::vector<std::string> fields;
  for (proto::Field field; proto::NextField(&message, &field);) {
    if (field.number == number && field.is_bytes()) fields.emplace_back(field.bytes);
  }
  return fields;
}

// Of an answer with one of that kind.
std::vector<std::string> FieldsOfAnswer(const std::string& answer, uint32_t kind, uint32_t number) {
  const auto parts = FieldsOf(answer, kind);
  EXPECT_EQ(parts.size(), 1U);
  return parts.empty() ? std::vector<std::string>() : FieldsOf(parts[0], number);
}

uint64_t ErrorOf(const std::string& answer) {
  const auto errors = FieldsOf(answer, kError);
  std::string_view error = errors.empty() ? std::string_view() : errors[0];
  for (proto::Field field; proto::NextField(&error, &field);) {
    if (field.number == 1) return field.scalar;
  }
  return 0;
}

std::string Ask(uint32_t kind, std::string_view name) {
  const auto answer = AnswerReflection(ProtoFiles::OfServices(), {"a.B"}, Question(kind, name));
  EXPECT_TRUE(answer.ok());
  return answer.ok() ? *answer : "";
}

// Puts the file that declares the symbol into the pool, and what it imports, which comes after it.
void Learn(const std::string& symbol, pb::DescriptorPool* pool) {
  const auto files = FieldsOfAnswer(Ask(kBySymbol, symbol), kFiles, 1);
  ASSERT_FALSE(files.empty()) << symbol;
  for (auto bytes = files.rbegin(); bytes != files.rend(); ++bytes) {
    pb::FileDescriptorProto file;
    ASSERT_TRUE(file.ParseFromString(*bytes));
    if (pool->FindFileByName(file.name()) != nullptr) continue;
    ASSERT_NE(pool->BuildFile(file), nullptr) << file.name();
  }
}

TEST(ReflectionTest, AnswersAreWhatProtobufBuildsOn) {
  pb::DescriptorPool pool;
  Learn("jaeger.api_v3.QueryService", &pool);
  const pb::MethodDescriptor* const method =
      pool.FindMethodByName("jaeger.api_v3.QueryService.FindTraces");
  ASSERT_NE(method, nullptr);
  EXPECT_TRUE(method->server_streaming());
  EXPECT_FALSE(method->client_streaming());
  EXPECT_EQ(method->output_type()->full_name(), "opentelemetry.proto.trace.v1.TracesData");
}

TEST(ReflectionTest, FilesAreFoundByWhateverTheyDeclare) {
  const auto file = FieldsOfAnswer(Ask(kByName, "jaeger/api_v3/query_service.proto"), kFiles, 1);
  ASSERT_FALSE(file.empty());
  for (const char* symbol : {"jaeger.api_v3.QueryService", "jaeger.api_v3.QueryService.GetTrace",
                             "jaeger.api_v3.TraceSummary", "jaeger.api_v3.TraceSummary.span_count",
                             "jaeger.api_v3.TraceQueryParameters.AttributesEntry"}) {
    EXPECT_EQ(FieldsOfAnswer(Ask(kBySymbol, symbol), kFiles, 1), file) << symbol;
  }
  for (const char* symbol : {"opentelemetry.proto.trace.v1.Span.SpanKind",
                             "opentelemetry.proto.trace.v1.Span.SPAN_KIND_SERVER",
                             "opentelemetry.proto.common.v1.AnyValue.value"}) {
    EXPECT_EQ(ErrorOf(Ask(kBySymbol, symbol)), 0U) << symbol;
  }
}

TEST(ReflectionTest, WhatIsNotKnownIsSaidSo) {
  constexpr uint64_t kNotFound = 5, kInvalidArgument = 3;
  EXPECT_EQ(ErrorOf(Ask(kByName, "nothing.proto")), kNotFound);
  EXPECT_EQ(ErrorOf(Ask(kByName, "")), kNotFound);
  EXPECT_EQ(ErrorOf(Ask(kBySymbol, "jaeger.api_v3")), kNotFound);
  EXPECT_EQ(ErrorOf(Ask(kByExtension, Question(1, "jaeger.api_v3.Operation"))), kNotFound);
  EXPECT_EQ(ErrorOf(Ask(kExtensionsOf, "nothing")), kNotFound);
  EXPECT_EQ(ErrorOf(Ask(kExtensionsOf, "jaeger.api_v3.QueryService")), kNotFound);
  EXPECT_THAT(FieldsOfAnswer(Ask(kExtensionsOf, "jaeger.api_v3.Operation"), kExtensions, 1),
              ElementsAre("jaeger.api_v3.Operation"));
  EXPECT_EQ(ErrorOf(Ask(1, "a host alone")), kInvalidArgument);
  EXPECT_FALSE(AnswerReflection(ProtoFiles::OfServices(), {}, "\xff").ok());
}

TEST(ReflectionTest, AnswersRepeatTheirQuestion) {
  std::string question = Question(1, "host") + Question(kList, "*");
  const auto answer = AnswerReflection(ProtoFiles::OfServices(), {"a.B", "c.D"}, question);
  ASSERT_TRUE(answer.ok());
  EXPECT_THAT(FieldsOf(*answer, 1), ElementsAre("host"));
  EXPECT_THAT(FieldsOf(*answer, 2), ElementsAre(question));
  EXPECT_THAT(FieldsOfAnswer(*answer, kServices, 1),
              ElementsAre(Question(1, "a.B"), Question(1, "c.D")));
}

// Calls as a client makes them that waits for each answer before it asks on.
class Asker {
 public:
  Asker(const std::string& address, const std::string& path)
      : stub_(grpc::CreateChannel(address, grpc::InsecureChannelCredentials())) {
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(2));
    call_ = stub_.PrepareCall(&context_, path, &queue_);
    call_->StartCall(this);
    Next();
  }
  bool Say(const std::string& question) {
    const grpc::Slice slice(question);
    call_->Write(grpc::ByteBuffer(&slice, 1), this);
    return Next();
  }
  // Empty at the end.
  std::string Ask(const std::string& question) { return Say(question) ? Hear() : ""; }
  std::string Hear() {
    grpc::ByteBuffer buffer;
    call_->Read(&buffer, this);
    return Next() ? ToString(buffer) : "";
  }
  grpc::Status End() {
    call_->WritesDone(this);
    Next();
    return Finish();
  }
  grpc::Status Finish() {
    grpc::Status status;
    call_->Finish(&status, this);
    Next();
    return status;
  }

 private:
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

class ReflectionServiceTest : public RpcTest {
 protected:
  // "package.Service" of what is listed.
  std::vector<std::string> List() {
    std::vector<std::string> names;
    const RpcAnswer answer = Call(kPath, Question(kList, ""));
    EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
    EXPECT_EQ(answer.messages.size(), 1U);
    if (answer.messages.empty()) return names;
    for (const std::string& entry : FieldsOfAnswer(answer.messages[0], kServices, 1)) {
      names.push_back(FieldsOf(entry, 1).at(0));
    }
    return names;
  }
};

// What is served, each door says, and it can be described.
TEST_F(ReflectionServiceTest, EveryMethodIsDescribed) {
  for (const Door door : {Door::kQuery, Door::kTempo, Door::kJaegerGrpc, Door::kStorageGrpc}) {
    SCOPED_TRACE(static_cast<int>(door));
    Serve(service_, door);
    pb::DescriptorPool pool;
    for (const std::string& name : List()) {
      Learn(name, &pool);
      EXPECT_NE(pool.FindServiceByName(name), nullptr) << name;
    }
    const auto paths = service_.guarded_rpcs(door);
    EXPECT_THAT(paths, Contains(kPath));
    for (std::string path : paths) {
      path[path.rfind('/')] = '.';
      EXPECT_NE(pool.FindMethodByName(path.substr(1)), nullptr) << path;
    }
  }
  Serve(service_, Door::kJaegerGrpc);
  EXPECT_THAT(List(), Contains("jaeger.api_v3.QueryService"));
  EXPECT_THAT(List(), Not(Contains("jaeger.storage.v2.TraceReader")));
}

TEST_F(ReflectionServiceTest, AnAnswerIsReadByItsDescription) {
  Fill({{.span = 1, .service = "shop", .name = "buy", .kind = span::SpanKind::kServer}});
  pb::DescriptorPool pool;
  Learn("jaeger.api_v3.QueryService", &pool);
  pb::DynamicMessageFactory factory(&pool);
  const std::unique_ptr<pb::Message> message(
      factory.GetPrototype(pool.FindMessageTypeByName("jaeger.api_v3.GetOperationsResponse"))
          ->New());
  const RpcAnswer answer = Call("/jaeger.api_v3.QueryService/GetOperations", Question(1, "shop"));
  ASSERT_EQ(answer.messages.size(), 1U);
  ASSERT_TRUE(message->ParseFromString(answer.messages[0]));
  EXPECT_EQ(message->ShortDebugString(), R"(operations { name: "buy" span_kind: "server" })");
}

TEST_F(ReflectionServiceTest, ACallGoesOnAsLongAsItsClientAsks) {
  const std::string address = server_->bound().ToString();
  for (const std::string version : {"v1", "v1alpha"}) {
    Asker asker(address, "/grpc.reflection." + version + ".ServerReflection/ServerReflectionInfo");
    EXPECT_EQ(ErrorOf(asker.Ask(Question(kBySymbol, "nothing"))), 5U);
    EXPECT_FALSE(
        FieldsOfAnswer(asker.Ask(Question(kBySymbol, "grpc.health.v1.Health")), kFiles, 1).empty());
    EXPECT_TRUE(asker.End().ok());
  }
  Asker wrong(address, kPath);
  EXPECT_EQ(wrong.Ask("\xff"), "");
  EXPECT_EQ(wrong.Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(ReflectionServiceTest, OpenCallsAreFewAndEndWithTheServer) {
  const std::string address = server_->bound().ToString();
  std::vector<std::unique_ptr<Asker>> open;
  for (int i = 0; i < 16; ++i) {
    open.push_back(std::make_unique<Asker>(address, kPath));
    ASSERT_NE(open.back()->Ask(Question(kList, "")), "");
  }
  EXPECT_EQ(Asker(address, kPath).Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(open.back()->End().ok());
  open.pop_back();
  EXPECT_NE(Asker(address, kPath).Ask(Question(kList, "")), "");
  service_.StopAt(std::chrono::steady_clock::now());
  EXPECT_EQ(open[0]->Hear(), "");
  EXPECT_EQ(open[0]->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Asker(address, kPath).Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace spandrel::api
