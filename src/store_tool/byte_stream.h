// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace spandrel::store_tool {

enum class Compression : uint8_t { kNone, kGzip, kZstd };

// Bytes on their way into a file or standard output, compressed as they come. One thread.
class ByteSink {
 public:
  // `path` is "-" for standard output. Fails when the file is there, unless `overwrite`.
  static base::Result<std::unique_ptr<ByteSink>> Open(const std::string& path,
                                                      Compression compression, bool overwrite);
  virtual ~ByteSink() = default;

  virtual base::Status Write(std::string_view bytes) = 0;
  // Ends the compression and, of a file, waits until it is on disk. Nothing is written afterwards.
  virtual base::Status Finish() = 0;
};

// Bytes out of a file or standard input, decompressed if they are gzip or zstd, which their first
// bytes tell. One thread.
class ByteSource {
 public:
  // `path` is "-" for standard input.
  static base::Result<std::unique_ptr<ByteSource>> Open(const std::string& path);
  virtual ~ByteSource() = default;

  // Up to `size` bytes; 0 at the end. DATA_LOSS when the compression is damaged or cut off,
  // CANCELLED when a signal came while it waited.
  virtual base::Result<size_t> Read(char* bytes, size_t size) = 0;

  // Bytes of the file that were read, and that it has (0: not known).
  virtual uint64_t position() const = 0;
  virtual uint64_t size() const = 0;
};

}  // namespace spandrel::store_tool
