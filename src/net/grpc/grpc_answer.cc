// SPDX-License-Identifier: Apache-2.0
#include "net/grpc/grpc_answer.h"

#include <utility>

#include "net/grpc/grpc_frame.h"
#include "net/http/grpc_shape.h"
#include "net/http/rpc_status.h"

namespace spandrel::net {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

// What is wrong with a message of the answer: never the request's fault.
Status AnswerFault(const Status& fault) {
  const bool too_large = fault.code() == StatusCode::kResourceExhausted;
  return {too_large ? StatusCode::kResourceExhausted : StatusCode::kInternal,
          "response: " + fault.message()};
}

}  // namespace

Status GrpcCallStatus(const Response& response) {
  auto status = ReadGrpcStatus(response.trailers);
  if (!status) status = ReadGrpcStatus(response.headers);
  if (status) return *status;
  if (response.status != 200) {
    return {GrpcCodeOfHttpStatus(response.status),
            "server answered http status " + std::to_string(response.status)};
  }
  return {StatusCode::kUnknown, "server sent no grpc-status"};
}

Result<std::string> UnaryGrpcMessage(Response response, size_t max_message_bytes) {
  SPANDREL_RETURN_IF_ERROR(GrpcCallStatus(response));
  base::ByteBudget::Reservation unused;
  auto message =
      UnpackGrpcMessage(std::move(response.body), FindHeader(response.headers, "grpc-encoding"),
                        max_message_bytes, nullptr, &unused);
  if (message.ok()) return message;
  return AnswerFault(message.status());
}

bool GrpcMessageReader::Append(std::string_view bytes) {
  buffer_.append(bytes);
  size_t position = 0;
  while (status_.ok() && TakeOne(&position)) {
  }
  buffer_.erase(0, position);
  return status_.ok();
}

Status GrpcMessageReader::Finish() const {
  if (!status_.ok() || buffer_.empty()) return status_;
  return {StatusCode::kInternal, "response ends within a message"};
}

bool GrpcMessageReader::TakeOne(size_t* position) {
  const std::string_view rest = std::string_view(buffer_).substr(*position);
  const auto header = ReadGrpcFrameHeader(rest);
  if (!header) return false;
  if (header->size > max_message_bytes_) {
    status_ = Status(StatusCode::kResourceExhausted,
                     "response message of " + std::to_string(header->size) + " bytes is too large");
    return false;
  }
  const size_t frame_bytes = kGrpcFrameHeaderBytes + header->size;
  if (rest.size() < frame_bytes) return false;
  auto message = UnpackGrpcMessage(std::string(rest.substr(0, frame_bytes)), encoding_,
                                   max_message_bytes_, nullptr, nullptr);
  *position += frame_bytes;
  if (!message.ok()) {
    status_ = AnswerFault(message.status());
    return false;
  }
  on_message_(std::move(*message));
  return true;
}

}  // namespace spandrel::net
