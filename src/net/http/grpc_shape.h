// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/status.h"
#include "net/http/http.h"

// What of gRPC a server of plain HTTP/2 must know: which requests are gRPC, how large they are
// before their bytes are there, and how to refuse them so that their sender understands.
namespace spandrel::net {

constexpr std::string_view kGrpcContentType = "application/grpc";

// By the content-type.
bool IsGrpc(const Request& request);

// Every gRPC message is preceded by a flag (1: compressed) and its size in 4 bytes, big endian.
constexpr size_t kGrpcFrameHeaderBytes = 5;

struct GrpcFrameHeader {
  uint8_t flag = 0;
  uint32_t size = 0;
};

// Nothing when there are not five bytes yet.
std::optional<GrpcFrameHeader> ReadGrpcFrameHeader(std::string_view bytes);

// `grpc-status`, `grpc-message` and `grpc-status-details-bin` for a status.
Headers GrpcStatusHeaders(const base::Status& status);
// The status as a whole answer: headers and nothing else ("trailers-only").
Response GrpcStatusResponse(const base::Status& status);
// Reads the three out of what a server sent; nothing when there is no grpc-status.
std::optional<base::Status> ReadGrpcStatus(const Headers& headers);

}  // namespace spandrel::net
