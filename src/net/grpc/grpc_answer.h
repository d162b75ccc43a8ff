// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "net/http/http.h"

// What a gRPC server's answer says: bytes and headers in, messages and a status out. No I/O.
namespace spandrel::net {

// The status of a call whose response is whole: of the trailers, else of the headers, else what the
// HTTP status stands for.
base::Status GrpcCallStatus(const Response& response);

// The one message of a unary call whose response is whole, or why there is none. INTERNAL when the
// body is not one message, RESOURCE_EXHAUSTED when it is longer than `max_message_bytes`.
base::Result<std::string> UnaryGrpcMessage(Response response, size_t max_message_bytes);

// Cuts a streamed response's bytes into messages. One thread.
class GrpcMessageReader {
 public:
  GrpcMessageReader(size_t max_message_bytes, std::function<void(std::string)> on_message)
      : max_message_bytes_(max_message_bytes), on_message_(std::move(on_message)) {}

  // Before any bytes.
  void set_encoding(std::string encoding) { encoding_ = std::move(encoding); }
  // Hands on the messages that are whole now. False when the rest is not wanted, since one of them
  // was malformed; `status` tells why.
  bool Append(std::string_view bytes);
  const base::Status& status() const { return status_; }
  // All bytes were there. INTERNAL when they end within a message.
  base::Status Finish() const;

 private:
  bool TakeOne(size_t* position);

  const size_t max_message_bytes_;
  const std::function<void(std::string)> on_message_;
  std::string encoding_;
  std::string buffer_;
  base::Status status_;
};

}  // namespace spandrel::net
