// SPDX-License-Identifier: Apache-2.0
#include "columnar/log/logged_request.h"

#include <algorithm>
#include <utility>

namespace spandrel::columnar {

// Requests concatenate (protobuf's repeated fields), so whole chunks make a payload as they are.
LoggedRequest::LoggedRequest(const span::SpanBatch& batch) {
  const bool is_whole = std::all_of(batch.chunks().begin(), batch.chunks().end(),
                                    [](const auto& chunk) { return chunk->whole; });
  if (is_whole) {
    for (const auto& chunk : batch.chunks()) pieces_.push_back(chunk->bytes());
  } else {
    encoded_ = wire::EncodeOtlpProtobuf(batch);
    pieces_.push_back(encoded_);
  }
  for (const std::string_view piece : pieces_) byte_size_ += piece.size();
}

base::Result<wire::DecodedRequest> LoggedRequest::Decode(std::string payload) {
  return wire::DecodeOtlpProtobuf(base::MakeSharedBytes(std::move(payload)));
}

}  // namespace spandrel::columnar
