// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/byte_budget.h"
#include "base/status.h"
#include "net/http/body.h"

namespace spandrel::net {

// The message behind its frame header.
std::string MakeGrpcFrame(std::string_view message, bool compressed = false);

// Turns a body that must hold exactly one frame into its message, decompressed. `reservation` holds
// the body's bytes and comes to hold the message's. A lying size is INVALID_ARGUMENT, a message
// over the limit RESOURCE_EXHAUSTED.
base::Result<std::string> UnpackGrpcMessage(std::string body, std::string_view encoding,
                                            size_t max_message_bytes, base::ByteBudget* memory,
                                            base::ByteBudget::Reservation* reservation);

// Cuts a stream of bytes into messages, decompressed. One thread at a time.
class GrpcFrameReader {
 public:
  // `memory` may be null, and outlives it.
  GrpcFrameReader(base::ByteBudget* memory, size_t max_message_bytes, std::string encoding);

  // Takes bytes off the front of `bytes`: up to the end of the next message, which it returns with
  // the reservation for it, or all of them. After an error it is of no more use.
  base::Result<std::optional<std::string>> Next(std::string_view* bytes,
                                                base::ByteBudget::Reservation* reservation);
  // Whether what came ends with a whole message.
  bool is_between() const { return frame_->size() == 0; }

 private:
  base::Status Take(size_t count, std::string_view* bytes);

  base::ByteBudget* const memory_;
  const size_t max_message_bytes_;
  const std::string encoding_;
  std::optional<IncomingBody> frame_;  // what has come of the next one; always there
};

}  // namespace spandrel::net
