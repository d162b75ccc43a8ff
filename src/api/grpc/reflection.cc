// SPDX-License-Identifier: Apache-2.0
#include "api/grpc/reflection.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "proto/field_reader.h"
#include "proto/writer.h"

namespace spandrel::api {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

// Field numbers of grpc/reflection/v1/reflection.proto.
constexpr uint32_t kHost = 1;
constexpr uint32_t kFileByName = 3;
constexpr uint32_t kFileBySymbol = 4;
constexpr uint32_t kFileByExtension = 5;
constexpr uint32_t kExtensionsOfType = 6;
constexpr uint32_t kListServices = 7;
constexpr uint32_t kExtensionType = 1;
constexpr uint32_t kValidHost = 1;
constexpr uint32_t kOriginalRequest = 2;
constexpr uint32_t kFileResponse = 4;
constexpr uint32_t kExtensionsResponse = 5;
constexpr uint32_t kServicesResponse = 6;
constexpr uint32_t kErrorResponse = 7;
constexpr uint32_t kFileDescriptor = 1;
constexpr uint32_t kBaseType = 1;
constexpr uint32_t kService = 1;
constexpr uint32_t kServiceName = 1;
constexpr uint32_t kErrorCode = 1;
constexpr uint32_t kErrorMessage = 2;

constexpr size_t kMaxCalls = 64;
constexpr size_t kMaxCallsOfPeer = 16;
constexpr size_t kMaxUnreadBytes = 256 << 10;  // of a call

// The last question of the request, which is the one that counts.
struct Question {
  std::string_view host;
  uint32_t kind = 0;  // a field number; 0: there is none
  std::string_view name;
};

Result<Question> ReadQuestion(std::string_view request) {
  Question question;
  proto::Field field;
  while (proto::NextField(&request, &field)) {
    if (!field.is_bytes()) continue;
    if (field.number == kHost) question.host = field.bytes;
    if (field.number < kFileByName || field.number > kListServices) continue;
    question.kind = field.number;
    question.name = field.bytes;
  }
  if (!request.empty()) return Status(StatusCode::kInvalidArgument, "malformed request");
  return question;
}

void WriteError(StatusCode code, std::string_view message, proto::Writer* out) {
  const proto::NestedMessage error(*out, kErrorResponse);
  out->Varint(kErrorCode, static_cast<uint64_t>(code));
  out->Bytes(kErrorMessage, message);
}

void WriteFile(const ProtoFiles& files, std::string_view file, std::string_view asked,
               proto::Writer* out) {
  const auto descriptors = files.WithImports(file);
  if (descriptors.empty()) {
    return WriteError(StatusCode::kNotFound, fmt::format("{} is not known", asked), out);
  }
  const proto::NestedMessage response(*out, kFileResponse);
  for (const std::string_view descriptor : descriptors) out->Bytes(kFileDescriptor, descriptor);
}

std::string_view TypeOfExtension(std::string_view request) {
  std::string_view type;
  for (proto::Field field; proto::NextField(&request, &field);) {
    if (field.number == kExtensionType && field.is_bytes()) type = field.bytes;
  }
  return type;
}

// Nothing here is extended.
void WriteExtensions(const ProtoFiles& files, std::string_view type, proto::Writer* out) {
  if (!files.HasMessage(type)) {
    return WriteError(StatusCode::kNotFound, fmt::format("{} is not known", type), out);
  }
  const proto::NestedMessage response(*out, kExtensionsResponse);
  out->Bytes(kBaseType, type);
}

void WriteServices(const std::vector<std::string>& services, proto::Writer* out) {
  const proto::NestedMessage response(*out, kServicesResponse);
  for (const std::string& service : services) {
    const proto::NestedMessage entry(*out, kService);
    out->Bytes(kServiceName, service);
  }
}

void WriteAnswer(const ProtoFiles& files, const std::vector<std::string>& services,
                 const Question& question, proto::Writer* out) {
  const std::string_view name = question.name;
  switch (question.kind) {
    case kFileByName:
      return WriteFile(files, name, name, out);
    case kFileBySymbol:
      return WriteFile(files, files.FileOf(name), name, out);
    case kFileByExtension:
      return WriteError(StatusCode::kNotFound,
                        fmt::format("{} has no extensions", TypeOfExtension(name)), out);
    case kExtensionsOfType:
      return WriteExtensions(files, name, out);
    case kListServices:
      return WriteServices(services, out);
    default:
      return WriteError(StatusCode::kInvalidArgument, "the request asks for nothing", out);
  }
}

std::string_view HostOfPeer(const net::GrpcCall& call) {
  const std::string_view peer = call.request().peer;
  return peer.substr(0, peer.rfind(':'));
}

}  // namespace

Result<std::string> AnswerReflection(const ProtoFiles& files,
                                     const std::vector<std::string>& services,
                                     std::string_view request) {
  const auto question = ReadQuestion(request);
  if (!question.ok()) return question.status();
  std::string response;
  proto::Writer out(&response);
  if (!question->host.empty()) out.Bytes(kValidHost, question->host);
  out.Bytes(kOriginalRequest, request);
  WriteAnswer(files, services, *question, &out);
  return response;
}

class Reflection::OpenCall final : public net::GrpcRequests {
 public:
  OpenCall(const Reflection& reflection, std::shared_ptr<net::GrpcCall> call)
      : reflection_(reflection), call_(std::move(call)) {}

  void OnMessage(std::string message, base::ByteBudget::Reservation /*reservation*/) override {
    if (is_over_) return;
    const auto answer = AnswerReflection(reflection_.files_, reflection_.services_, message);
    if (!answer.ok()) return End(answer.status());
    if (call_->Write(*answer) <= kMaxUnreadBytes) return;
    End({StatusCode::kResourceExhausted, "too many answers wait to be read"});
  }
  void OnEnd(const Status& status) override { End(status); }

  void End(const Status& status) {
    if (!is_over_.exchange(true)) reflection_.finish_(*call_, status);
  }
  const net::GrpcCall& call() const { return *call_; }
  bool is_over() const { return is_over_ || call_->cancelled(); }

 private:
  const Reflection& reflection_;
  const std::shared_ptr<net::GrpcCall> call_;
  std::atomic<bool> is_over_{false};
};

Reflection::Reflection(const ProtoFiles& files, std::vector<std::string> services, Finish finish)
    : files_(files), services_(std::move(services)), finish_(std::move(finish)) {}

Reflection::~Reflection() {
  Stop();
}

Status Reflection::MakeRoomFor(const net::GrpcCall& call) {
  if (is_stopping_) return {StatusCode::kUnavailable, "the server stops"};
  size_t of_peer = 0;
  std::erase_if(calls_, [&](const std::weak_ptr<OpenCall>& known) {
    const auto open = known.lock();
    if (open == nullptr || open->is_over()) return true;
    of_peer += HostOfPeer(open->call()) == HostOfPeer(call) ? 1 : 0;
    return false;
  });
  if (calls_.size() < kMaxCalls && of_peer < kMaxCallsOfPeer) return {};
  return {StatusCode::kResourceExhausted, "too many ask already"};
}

std::shared_ptr<net::GrpcRequests> Reflection::Answer(const std::shared_ptr<net::GrpcCall>& call) {
  const base::MutexLock lock(mutex_);
  if (const Status room = MakeRoomFor(*call); !room.ok()) {
    finish_(*call, room);
    return nullptr;
  }
  auto open = std::make_shared<OpenCall>(*this, call);
  calls_.push_back(open);
  return open;
}

void Reflection::Stop() {
  std::vector<std::weak_ptr<OpenCall>> calls;
  {
    const base::MutexLock lock(mutex_);
    is_stopping_ = true;
    calls.swap(calls_);
  }
  for (const auto& known : calls) {
    if (const auto open = known.lock()) open->End({StatusCode::kUnavailable, "the server stops"});
  }
}

}  // namespace spandrel::api
