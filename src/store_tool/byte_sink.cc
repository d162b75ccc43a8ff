// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "store_tool/byte_stream.h"

namespace spandrel::store_tool {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

constexpr size_t kBufferBytes = size_t{1} << 17;
constexpr int kGzipLevel = 4;
constexpr int kZstdLevel = 3;

Status Failed(const std::string& path) {
  return {StatusCode::kUnknown, path + ": " + std::strerror(errno)};
}

class PlainSink final : public ByteSink {
 public:
  PlainSink(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  ~PlainSink() override {
    if (fd_ > STDERR_FILENO) ::close(fd_);
  }

  Status Write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return Failed(path_);
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return {};
  }

  Status Finish() override {
    const bool is_file = fd_ > STDERR_FILENO;
    // A pipe or a device cannot be synced, and need not be.
    if (is_file && ::fsync(fd_) != 0 && errno != EINVAL && errno != EROFS) return Failed(path_);
    return {};
  }

 private:
  const std::string path_;
  const int fd_;
};

class GzipSink final : public ByteSink {
 public:
  explicit GzipSink(std::unique_ptr<ByteSink> next) : next_(std::move(next)) {
    constexpr int kGzipWindow = 15 + 16;
    SPANDREL_CHECK(
        deflateInit2(&stream_, kGzipLevel, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  }
  ~GzipSink() override { deflateEnd(&stream_); }

  Status Write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const size_t some = std::min<size_t>(bytes.size(), size_t{1} << 30);
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
      stream_.avail_in = static_cast<uInt>(some);
      while (stream_.avail_in > 0) SPANDREL_RETURN_IF_ERROR(Pump(Z_NO_FLUSH));
      bytes.remove_prefix(some);
    }
    return {};
  }

  Status Finish() override {
    while (!ended_) SPANDREL_RETURN_IF_ERROR(Pump(Z_FINISH));
    return next_->Finish();
  }

 private:
  Status Pump(int flush) {
    stream_.next_out = reinterpret_cast<Bytef*>(buffer_.data());
    stream_.avail_out = static_cast<uInt>(buffer_.size());
    ended_ = deflate(&stream_, flush) == Z_STREAM_END;
    return next_->Write({buffer_.data(), buffer_.size() - stream_.avail_out});
  }

  const std::unique_ptr<ByteSink> next_;
  z_stream stream_{};
  bool ended_ = false;
  std::array<char, kBufferBytes> buffer_;
};

class ZstdSink final : public ByteSink {
 public:
  explicit ZstdSink(std::unique_ptr<ByteSink> next)
      : next_(std::move(next)), stream_(ZSTD_createCCtx()) {
    SPANDREL_CHECK(stream_ != nullptr);
    ZSTD_CCtx_setParameter(stream_, ZSTD_c_compressionLevel, kZstdLevel);
    ZSTD_CCtx_setParameter(stream_, ZSTD_c_checksumFlag, 1);
  }
  ~ZstdSink() override { ZSTD_freeCCtx(stream_); }

  Status Write(std::string_view bytes) override { return Pump(bytes, ZSTD_e_continue); }
  Status Finish() override {
    SPANDREL_RETURN_IF_ERROR(Pump({}, ZSTD_e_end));
    return next_->Finish();
  }

 private:
  Status Pump(std::string_view bytes, ZSTD_EndDirective directive) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    size_t left = 1;
    while (in.pos < in.size || (directive == ZSTD_e_end && left != 0)) {
      ZSTD_outBuffer out{buffer_.data(), buffer_.size(), 0};
      left = ZSTD_compressStream2(stream_, &out, &in, directive);
      if (ZSTD_isError(left) != 0) return {StatusCode::kInternal, ZSTD_getErrorName(left)};
      SPANDREL_RETURN_IF_ERROR(next_->Write({buffer_.data(), out.pos}));
    }
    return {};
  }

  const std::unique_ptr<ByteSink> next_;
  ZSTD_CCtx* const stream_;
  std::array<char, kBufferBytes> buffer_;
};

}  // namespace

Result<std::unique_ptr<ByteSink>> ByteSink::Open(const std::string& path, Compression compression,
                                                 bool overwrite) {
  const int when_there = overwrite ? O_TRUNC : O_EXCL;
  const int fd = path == "-"
                     ? STDOUT_FILENO
                     : ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | when_there, 0644);
  if (fd < 0 && errno == EEXIST) {
    return Status(StatusCode::kAlreadyExists,
                  path + ": is there already (--overwrite replaces it)");
  }
  if (fd < 0) return Failed(path);
  std::unique_ptr<ByteSink> sink = std::make_unique<PlainSink>(path, fd);
  if (compression == Compression::kGzip) sink = std::make_unique<GzipSink>(std::move(sink));
  if (compression == Compression::kZstd) sink = std::make_unique<ZstdSink>(std::move(sink));
  return sink;
}

}  // namespace spandrel::store_tool
