// SPDX-License-Identifier: Apache-2.0
#include "net/grpc/grpc_frame.h"

#include <cstdint>
#include <optional>

#include "net/http/compression.h"
#include "net/http/grpc_shape.h"

namespace spandrel::net {
namespace {

using base::Status;
using base::StatusCode;

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
  if (header->size > max_message_bytes) {
    return Status(StatusCode::kResourceExhausted, "message of " + std::to_string(header->size) +
                                                      " bytes is over the limit of " +
                                                      std::to_string(max_message_bytes));
  }
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

}  // namespace spandrel::net
