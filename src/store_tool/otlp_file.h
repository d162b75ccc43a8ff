// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/status.h"
#include "span/span_batch.h"
#include "store_tool/byte_stream.h"

namespace spandrel::store_tool {

// Files of OTLP requests, as the OpenTelemetry Collector's file exporter writes them.
enum class OtlpFormat : uint8_t {
  kJson,   // an ExportTraceServiceRequest as JSON in each line
  kProto,  // its length in 4 bytes, big-endian, and the message; again and again
};

inline constexpr size_t kMaxFileMessageBytes = size_t{1} << 30;

// The batch as one entry of such a file.
std::string EncodeFileEntry(const span::SpanBatch& batch, OtlpFormat format);

// Reads such a file, of either format, which its first bytes tell. One thread.
class OtlpFileReader {
 public:
  explicit OtlpFileReader(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}

  // The next request; none at the end. INVALID_ARGUMENT, with the number of the entry, when it is
  // malformed.
  struct Entry {
    span::SpanBatch batch;
    uint64_t rejected_spans = 0;  // with ids that no span may have
  };
  base::Result<std::optional<Entry>> Next();

  const ByteSource& source() const { return *source_; }

 private:
  base::Result<bool> Fill(size_t wanted);
  base::Status FindFormat();
  base::Result<std::optional<std::string>> NextLine();
  base::Result<std::optional<std::string>> NextMessage();
  base::Status Malformed(std::string_view what) const;
  std::string TakeBytes(size_t count);

  const std::unique_ptr<ByteSource> source_;
  std::string buffer_;
  size_t begin_ = 0;  // in buffer_
  uint64_t entry_ = 0;
  std::optional<OtlpFormat> format_;
};

}  // namespace spandrel::store_tool
