// SPDX-License-Identifier: Apache-2.0
#include "net/http/gzip_stream.h"

#include <zlib.h>

#include <algorithm>
#include <climits>

#include "base/check.h"

namespace spandrel::net {
namespace {

constexpr int kLevel = 4;
constexpr int kGzipWindowBits = 15 + 16;
constexpr int kMemoryLevel = 8;
constexpr size_t kOutputStep = 16 << 10;

}  // namespace

struct GzipStream::Impl {
  Impl() {
    SPANDREL_CHECK(deflateInit2(&stream, kLevel, Z_DEFLATED, kGzipWindowBits, kMemoryLevel,
                                Z_DEFAULT_STRATEGY) == Z_OK);
  }
  ~Impl() { deflateEnd(&stream); }

  void Run(std::string_view bytes, int flush, std::string* out) {
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    do {
      const size_t before = out->size();
      out->resize(before + kOutputStep);
      stream.next_out = reinterpret_cast<Bytef*>(out->data() + before);
      stream.avail_out = kOutputStep;
      deflate(&stream, flush);
      out->resize(before + kOutputStep - stream.avail_out);
    } while (stream.avail_out == 0);
  }

  z_stream stream{};
};

GzipStream::GzipStream() : impl_(std::make_unique<Impl>()) {}
GzipStream::~GzipStream() = default;
GzipStream::GzipStream(GzipStream&&) noexcept = default;
GzipStream& GzipStream::operator=(GzipStream&&) noexcept = default;

void GzipStream::Add(std::string_view bytes, std::string* out) {
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, std::min<size_t>(bytes.size(), INT_MAX));
    impl_->Run(piece, Z_NO_FLUSH, out);
    bytes.remove_prefix(piece.size());
  }
}

void GzipStream::Finish(std::string* out) {
  impl_->Run({}, Z_FINISH, out);
}

}  // namespace spandrel::net
