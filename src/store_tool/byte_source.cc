// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

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

// A file with its next bytes in sight.
class RawFile {
 public:
  RawFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {
    struct stat facts {};
    const bool is_file = ::fstat(fd_, &facts) == 0 && S_ISREG(facts.st_mode);
    size_ = is_file ? static_cast<uint64_t>(facts.st_size) : 0;
  }
  ~RawFile() {
    if (fd_ > STDERR_FILENO) ::close(fd_);
  }
  RawFile(const RawFile&) = delete;
  RawFile& operator=(const RawFile&) = delete;

  // Makes sure that `wanted` bytes are in sight, if the file has them.
  Status Fill(size_t wanted) {
    if (end_ - begin_ >= wanted) return {};
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    while (end_ < wanted) {
      const ssize_t got = ::read(fd_, buffer_.data() + end_, buffer_.size() - end_);
      if (got < 0 && errno == EINTR) return {StatusCode::kCancelled, path_ + ": interrupted"};
      if (got < 0) return {StatusCode::kUnknown, path_ + ": " + std::strerror(errno)};
      if (got == 0) break;
      end_ += static_cast<size_t>(got);
      position_ += static_cast<uint64_t>(got);
    }
    return {};
  }
  std::string_view in_sight() const { return {buffer_.data() + begin_, end_ - begin_}; }
  void Skip(size_t count) { begin_ += count; }

  const std::string& path() const { return path_; }
  uint64_t position() const { return position_; }
  uint64_t size() const { return size_; }

 private:
  const std::string path_;
  const int fd_;
  uint64_t size_ = 0;
  uint64_t position_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
  std::array<char, kBufferBytes> buffer_;
};

class FileSource : public ByteSource {
 public:
  explicit FileSource(std::unique_ptr<RawFile> file) : file_(std::move(file)) {}

  Result<size_t> Read(char* bytes, size_t size) override {
    SPANDREL_RETURN_IF_ERROR(file_->Fill(1));
    const size_t some = std::min(size, file_->in_sight().size());
    std::memcpy(bytes, file_->in_sight().data(), some);
    file_->Skip(some);
    return some;
  }
  uint64_t position() const override { return file_->position(); }
  uint64_t size() const override { return file_->size(); }

 protected:
  RawFile& file() { return *file_; }
  Status Bad(std::string_view what) const {
    return {StatusCode::kDataLoss, file_->path() + ": " + std::string(what)};
  }

 private:
  const std::unique_ptr<RawFile> file_;
};

class GzipSource final : public FileSource {
 public:
  explicit GzipSource(std::unique_ptr<RawFile> file) : FileSource(std::move(file)) {
    SPANDREL_CHECK(inflateInit2(&stream_, 15 + 16) == Z_OK);
  }
  ~GzipSource() override { inflateEnd(&stream_); }

  Result<size_t> Read(char* bytes, size_t size) override {
    stream_.next_out = reinterpret_cast<Bytef*>(bytes);
    stream_.avail_out = static_cast<uInt>(size);
    while (stream_.avail_out == size) {
      if (is_damaged_) return Bad("gzip is damaged");
      SPANDREL_RETURN_IF_ERROR(file().Fill(1));
      const std::string_view input = file().in_sight();
      if (input.empty() && member_ended_) return size_t{0};
      if (input.empty()) return Bad("gzip is cut off");
      if (member_ended_) inflateReset(&stream_);
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
      stream_.avail_in = static_cast<uInt>(input.size());
      const int outcome = inflate(&stream_, Z_NO_FLUSH);
      file().Skip(input.size() - stream_.avail_in);
      // What came out before the damage is given first.
      is_damaged_ = outcome != Z_OK && outcome != Z_STREAM_END;
      member_ended_ = outcome == Z_STREAM_END;
    }
    return size - stream_.avail_out;
  }

 private:
  z_stream stream_{};
  bool member_ended_ = false;
  bool is_damaged_ = false;
};

class ZstdSource final : public FileSource {
 public:
  explicit ZstdSource(std::unique_ptr<RawFile> file)
      : FileSource(std::move(file)), stream_(ZSTD_createDCtx()) {
    SPANDREL_CHECK(stream_ != nullptr);
  }
  ~ZstdSource() override { ZSTD_freeDCtx(stream_); }

  Result<size_t> Read(char* bytes, size_t size) override {
    ZSTD_outBuffer out{bytes, size, 0};
    while (out.pos == 0) {
      SPANDREL_RETURN_IF_ERROR(file().Fill(1));
      const std::string_view input = file().in_sight();
      // What is still inside comes out without input.
      if (input.empty() && frame_ended_) return size_t{0};
      ZSTD_inBuffer in{input.data(), input.size(), 0};
      const size_t outcome = ZSTD_decompressStream(stream_, &out, &in);
      if (ZSTD_isError(outcome) != 0) return Bad("zstd is damaged");
      file().Skip(in.pos);
      frame_ended_ = outcome == 0;
      if (input.empty() && out.pos == 0 && !frame_ended_) return Bad("zstd is cut off");
    }
    return out.pos;
  }

 private:
  ZSTD_DCtx* const stream_;
  bool frame_ended_ = false;
};

}  // namespace

Result<std::unique_ptr<ByteSource>> ByteSource::Open(const std::string& path) {
  const int fd = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Status(StatusCode::kNotFound, path + ": " + std::strerror(errno));
  auto file = std::make_unique<RawFile>(path, fd);
  SPANDREL_RETURN_IF_ERROR(file->Fill(4));
  const std::string_view start = file->in_sight();
  if (start.starts_with("\x1f\x8b")) {
    return std::unique_ptr<ByteSource>(std::make_unique<GzipSource>(std::move(file)));
  }
  if (start.starts_with("\x28\xb5\x2f\xfd")) {
    return std::unique_ptr<ByteSource>(std::make_unique<ZstdSource>(std::move(file)));
  }
  return std::unique_ptr<ByteSource>(std::make_unique<FileSource>(std::move(file)));
}

}  // namespace spandrel::store_tool
