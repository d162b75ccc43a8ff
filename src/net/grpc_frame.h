// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/byte_budget.h"
#include "base/status.h"
#include "net/http.h"

namespace spandrel::net {

// Every gRPC message is preceded by a flag (1: compressed) and its size in 4 bytes, big endian.
constexpr size_t kGrpcFrameHeaderBytes = 5;

struct GrpcFrameHeader {
  uint8_t flag = 0;
  uint32_t size = 0;
};

// Nothing when there are not five bytes yet.
std::optional<GrpcFrameHeader> ReadGrpcFrameHeader(std::string_view bytes);
std::string MakeGrpcFrame(std::string_view message, bool compressed = false);

// Turns a body that must hold exactly one frame into its message, decompressed. `reservation` holds
// the body's bytes and comes to hold the message's. A lying size is INVALID_ARGUMENT, a message
// over the limit RESOURCE_EXHAUSTED.
base::Result<std::string> UnpackGrpcMessage(std::string body, std::string_view encoding,
                                            size_t max_message_bytes, base::ByteBudget* memory,
                                            base::ByteBudget::Reservation* reservation);

// `grpc-status`, `grpc-message` and `grpc-status-details-bin` for a status.
Headers GrpcStatusHeaders(const base::Status& status);
// The status as a whole answer: headers and nothing else ("trailers-only").
Response GrpcStatusResponse(const base::Status& status);
// Reads the three out of what a server sent; nothing when there is no grpc-status.
std::optional<base::Status> ReadGrpcStatus(const Headers& headers);

}  // namespace spandrel::net
