// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "journal/record.h"
#include "span/span_batch.h"
#include "wire/otlp/otlp.h"

namespace spandrel::columnar {

// A batch as the payload of a log record, and back (docs/formats/log.md).
class LoggedRequest {
 public:
  // Encodes what cannot be written as it is.
  explicit LoggedRequest(const span::SpanBatch& batch);

  uint64_t byte_size() const { return byte_size_; }
  // Pieces of the batch's own bytes, or of this object's; they stay as long as both do.
  const std::vector<std::string_view>& pieces() const { return pieces_; }

  static base::Result<wire::DecodedRequest> Decode(std::string payload);

 private:
  std::string encoded_;  // where the chunks' own bytes cannot be written as they are
  std::vector<std::string_view> pieces_;
  uint64_t byte_size_ = 0;
};

}  // namespace spandrel::columnar
