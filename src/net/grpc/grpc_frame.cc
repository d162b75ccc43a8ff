// SPDX-License-Identifier: Apache-2.0
#include "net/grpc/grpc_frame.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "net/http/compression.h"
#include "net/http/grpc_shape.h"

namespace spandrel::net {
namespace {

using base::Status;
using base::StatusCode;

Status TooLarge(size_t size, size_t limit) {
  return {StatusCode::kResourceExhausted, "message of " + std::to_string(size) +
                                              " bytes is over the limit of " +
                                              std::to_string(limit)};
}

base::Result<std::string> Inflate(std::string_view message, std::string_view encoding,
                                  size_t max_message_bytes, base::ByteBudget* memory,
                                  base::ByteBudget::Reservation* reservation) {
  if (encoding.empty() || encoding == "identity") {
    return Status(StatusCode::kInternal, "compressed message without grpc-encoding");
  }
  base::ByteBudget::Reservation output;
  if (memory != nullptr && !memory->TryReserve(0, &output)) {
    return Status::Unavailable("no memory for the request now", std::chrono::seconds(1));
  }
  auto inflated =
      Decompress(encoding, message, max_message_bytes, memory != nullptr ? &output : nullptr);
  if (inflated.ok() && memory != nullptr) *reservation = std::move(output);
  return inflated;
}

}  // namespace

std::string MakeGrpcFrame(std::string_view message, bool compressed) {
  const auto size = static_cast<uint32_t>(message.size());
  std::string frame;
  frame.reserve(kGrpcFrameHeaderBytes + message.size());
  frame.push_back(compressed ? 1 : 0);
  for (const int shift : {24, 16, 8, 0}) frame.push_back(static_cast<char>(size >> shift));
  frame.append(message);
  return frame;
}

base::Result<std::string> UnpackGrpcMessage(std::string body, std::string_view encoding,
                                            size_t max_message_bytes, base::ByteBudget* memory,
                                            base::ByteBudget::Reservation* reservation) {
  const std::optional<GrpcFrameHeader> header = ReadGrpcFrameHeader(body);
  if (!header) return Status(StatusCode::kInvalidArgument, "request has no whole message");
  if (header->flag > 1) return Status(StatusCode::kInvalidArgument, "message flag is not 0 or 1");
  if (header->size > max_message_bytes) return TooLarge(header->size, max_message_bytes);
  const size_t present = body.size() - kGrpcFrameHeaderBytes;
  if (header->size > present) {
    return Status(StatusCode::kInvalidArgument, "message is cut off: " + std::to_string(present) +
                                                    " of " + std::to_string(header->size) +
                                                    " bytes");
  }
  if (header->size < present) {
    return Status(StatusCode::kInvalidArgument, "request has more than one message");
  }
  if (header->flag == 0) {
    body.erase(0, kGrpcFrameHeaderBytes);
    return body;
  }
  return Inflate(std::string_view(body).substr(kGrpcFrameHeaderBytes), encoding, max_message_bytes,
                 memory, reservation);
}

GrpcFrameReader::GrpcFrameReader(base::ByteBudget* memory, size_t max_message_bytes,
                                 std::string encoding)
    : memory_(memory), max_message_bytes_(max_message_bytes), encoding_(std::move(encoding)) {
  frame_.emplace(memory_, kGrpcFrameHeaderBytes + max_message_bytes_);
}

base::Status GrpcFrameReader::Take(size_t count, std::string_view* bytes) {
  const std::string_view part = bytes->substr(0, count);
  bytes->remove_prefix(part.size());
  if (frame_->Append(part) == BodyOutcome::kOk) return {};
  return Status::Unavailable("no memory for the request now", std::chrono::seconds(1));
}

base::Result<std::optional<std::string>> GrpcFrameReader::Next(
    std::string_view* bytes, base::ByteBudget::Reservation* reservation) {
  if (frame_->size() < kGrpcFrameHeaderBytes) {
    SPANDREL_RETURN_IF_ERROR(Take(kGrpcFrameHeaderBytes - frame_->size(), bytes));
  }
  const std::optional<GrpcFrameHeader> header = ReadGrpcFrameHeader(frame_->bytes());
  if (!header) return std::optional<std::string>();
  if (header->size > max_message_bytes_) return TooLarge(header->size, max_message_bytes_);
  const size_t whole = kGrpcFrameHeaderBytes + header->size;
  SPANDREL_RETURN_IF_ERROR(Take(whole - frame_->size(), bytes));
  if (frame_->size() < whole) return std::optional<std::string>();
  std::string frame = frame_->TakeBytes();
  *reservation = frame_->TakeReservation();
  frame_.emplace(memory_, kGrpcFrameHeaderBytes + max_message_bytes_);
  auto message =
      UnpackGrpcMessage(std::move(frame), encoding_, max_message_bytes_, memory_, reservation);
  if (!message.ok()) return message.status();
  return std::optional<std::string>(*std::move(message));
}

}  // namespace spandrel::net
