// SPDX-License-Identifier: Apache-2.0
#include "net/http/compression.h"

#include <libdeflate.h>
#include <zstd.h>

#include <algorithm>
#include <cstdint>
#include <memory>

#include "base/ascii.h"

namespace spandrel::net {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

constexpr size_t kFirstStepBytes = 64 << 10;
constexpr size_t kUsualRatio = 8;  // the first guess where the input does not say
constexpr size_t kHighestDeflateRatio = 1032;
constexpr int kMaxZstdWindowLog = 23;  // 8 MiB
constexpr uint32_t kZstdMagic = 0xFD2FB528;
constexpr int kDeflateLevel = 4;
constexpr int kZstdLevel = 3;

struct LibdeflateDeleter {
  void operator()(libdeflate_decompressor* d) const { libdeflate_free_decompressor(d); }
  void operator()(libdeflate_compressor* c) const { libdeflate_free_compressor(c); }
};
struct ZstdDeleter {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

Status Malformed(std::string_view encoding) {
  return {StatusCode::kInvalidArgument, "body is not valid " + std::string(encoding)};
}

// What is being decompressed into: grows in steps, each reserved before it is made.
class Output {
 public:
  Output(size_t max_bytes, base::ByteBudget::Reservation* reservation)
      : max_bytes_(max_bytes), reservation_(reservation) {}

  // Makes room for more; at least `wanted` bytes in all when that is allowed.
  Status Grow(size_t wanted) {
    if (bytes_.size() >= max_bytes_) return TooLarge();
    const size_t size = std::min(std::max({wanted, bytes_.size() * 2, size_t{64}}), max_bytes_);
    // While it is copied, both are there.
    if (reservation_ != nullptr && !reservation_->TryGrow(size)) {
      return Status::Unavailable("no memory to decompress the body now", std::chrono::seconds(1));
    }
    const size_t before = bytes_.size();
    std::string grown;
    grown.reserve(size);
    grown.append(bytes_, 0, used_).resize(size);
    bytes_ = std::move(grown);
    if (reservation_ != nullptr) reservation_->Shrink(before);
    return {};
  }
  Status TooLarge() const {
    return {StatusCode::kResourceExhausted,
            "decompressed body is larger than " + std::to_string(max_bytes_) + " bytes"};
  }

  char* free() { return bytes_.data() + used_; }
  size_t free_bytes() const { return bytes_.size() - used_; }
  size_t max_bytes() const { return max_bytes_; }
  size_t used() const { return used_; }
  void Use(size_t bytes) { used_ += bytes; }
  std::string Take() {
    bytes_.resize(used_);
    return std::move(bytes_);
  }

 private:
  const size_t max_bytes_;
  base::ByteBudget::Reservation* const reservation_;
  std::string bytes_;
  size_t used_ = 0;
};

using DeflateFunction = libdeflate_result (*)(libdeflate_decompressor*, const void*, size_t, void*,
                                              size_t, size_t*, size_t*);

// One member from the front of `input`. libdeflate works on whole buffers: when the room is too
// small, it starts again with twice as much.
Status InflateMember(DeflateFunction inflate, std::string_view encoding, size_t first_guess,
                     std::string_view* input, Output* output) {
  const std::unique_ptr<libdeflate_decompressor, LibdeflateDeleter> decompressor(
      libdeflate_alloc_decompressor());
  if (output->free_bytes() < first_guess) {
    SPANDREL_RETURN_IF_ERROR(output->Grow(output->used() + first_guess));
  }
  while (true) {
    size_t consumed = 0;
    size_t produced = 0;
    const libdeflate_result result =
        inflate(decompressor.get(), input->data(), input->size(), output->free(),
                output->free_bytes(), &consumed, &produced);
    if (result == LIBDEFLATE_SUCCESS) {
      input->remove_prefix(consumed);
      output->Use(produced);
      return {};
    }
    if (result != LIBDEFLATE_INSUFFICIENT_SPACE) return Malformed(encoding);
    SPANDREL_RETURN_IF_ERROR(output->Grow(0));
  }
}

uint32_t ReadLittleEndian32(std::string_view bytes) {
  const auto byte = [bytes](size_t i) { return uint32_t{static_cast<unsigned char>(bytes[i])}; };
  return byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24;
}

Status InflateGzip(std::string_view input, Output* output) {
  constexpr size_t kSmallestMember = 18;
  if (input.size() < kSmallestMember) return Malformed("gzip");
  // A gzip file ends with the size of what it holds, and cannot hold more than 1032 times itself.
  const size_t claimed = ReadLittleEndian32(input.substr(input.size() - 4));
  if (claimed > output->max_bytes()) return output->TooLarge();
  size_t guess = std::min(std::max<size_t>(claimed, 64), input.size() * kHighestDeflateRatio);
  while (!input.empty()) {
    SPANDREL_RETURN_IF_ERROR(
        InflateMember(libdeflate_gzip_decompress_ex, "gzip", guess, &input, output));
    guess = 1;
  }
  return {};
}

bool LooksLikeZlib(std::string_view input) {
  if (input.size() < 2) return false;
  const auto first = static_cast<unsigned char>(input[0]);
  const auto second = static_cast<unsigned char>(input[1]);
  return (first & 15) == 8 && (first * 256 + second) % 31 == 0;
}

Status InflateDeflate(std::string_view input, Output* output) {
  const size_t guess = std::max(input.size() * kUsualRatio, size_t{256});
  const auto inflate = [&](DeflateFunction function) {
    std::string_view rest = input;
    const Status status = InflateMember(function, "deflate", guess, &rest, output);
    return status.ok() && !rest.empty() ? Malformed("deflate") : status;
  };
  if (LooksLikeZlib(input)) {
    Status status = inflate(libdeflate_zlib_decompress_ex);
    if (status.ok() || status.code() != StatusCode::kInvalidArgument) return status;
  }
  return inflate(libdeflate_deflate_decompress_ex);
}

// The window that a zstd frame asks for (RFC 8878, 3.1.1.1.2); 0 when it is the content itself.
uint64_t ZstdWindowBytes(std::string_view frame) {
  if (frame.size() < 6 || ReadLittleEndian32(frame) != kZstdMagic) return 0;
  const bool single_segment = (static_cast<unsigned char>(frame[4]) & 0x20) != 0;
  if (single_segment) return 0;
  const auto descriptor = static_cast<unsigned char>(frame[5]);
  const uint64_t base = uint64_t{1} << (10 + (descriptor >> 3));
  return base + base / 8 * (descriptor & 7);
}

// Looks at the frame's claims before anything is spent on them, and makes room.
Status PrepareZstdFrame(std::string_view frame, Output* output) {
  if (ZstdWindowBytes(frame) > uint64_t{1} << kMaxZstdWindowLog) {
    return {StatusCode::kResourceExhausted, "zstd window is larger than 8 MiB"};
  }
  const unsigned long long claimed = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (claimed == ZSTD_CONTENTSIZE_ERROR) return Malformed("zstd");
  const bool known = claimed != ZSTD_CONTENTSIZE_UNKNOWN;
  if (known && claimed > output->max_bytes() - output->used()) return output->TooLarge();
  const size_t believed = std::max(kFirstStepBytes, frame.size() * 4 * kUsualRatio);
  const size_t wanted =
      known ? std::min<size_t>(claimed, believed) : std::min(believed, frame.size() * kUsualRatio);
  if (wanted <= output->free_bytes()) return {};
  return output->Grow(output->used() + wanted);
}

Status InflateZstd(std::string_view input, Output* output) {
  const std::unique_ptr<ZSTD_DCtx, ZstdDeleter> context(ZSTD_createDCtx());
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kMaxZstdWindowLog);
  ZSTD_inBuffer in{input.data(), input.size(), 0};
  if (input.empty()) return Malformed("zstd");
  size_t left = 0;  // 0: at the start of a frame
  while (in.pos < in.size || left != 0) {
    if (left == 0) SPANDREL_RETURN_IF_ERROR(PrepareZstdFrame(input.substr(in.pos), output));
    if (left != 0 && output->free_bytes() == 0) SPANDREL_RETURN_IF_ERROR(output->Grow(0));
    ZSTD_outBuffer out{output->free(), output->free_bytes(), 0};
    const size_t consumed_before = in.pos;
    left = ZSTD_decompressStream(context.get(), &out, &in);
    if (ZSTD_isError(left) != 0) return Malformed("zstd");
    output->Use(out.pos);
    const bool stuck = in.pos == consumed_before && out.pos == 0 && output->free_bytes() > 0;
    if (left != 0 && stuck) return Malformed("zstd");
  }
  return {};
}

std::string Deflated(libdeflate_compressor* compressor, bool gzip, std::string_view body) {
  std::string out(gzip ? libdeflate_gzip_compress_bound(compressor, body.size())
                       : libdeflate_zlib_compress_bound(compressor, body.size()),
                  '\0');
  const auto compress = gzip ? libdeflate_gzip_compress : libdeflate_zlib_compress;
  out.resize(compress(compressor, body.data(), body.size(), out.data(), out.size()));
  return out;
}

}  // namespace

Result<std::string> Decompress(std::string_view coding, std::string_view body, size_t max_bytes,
                               base::ByteBudget::Reservation* reservation) {
  const std::string encoding = base::LowerCase(coding);
  Output output(max_bytes, reservation);
  if (encoding.empty() || encoding == "identity") {
    if (body.size() > max_bytes) return output.TooLarge();
    if (!body.empty()) SPANDREL_RETURN_IF_ERROR(output.Grow(body.size()));
    std::copy(body.begin(), body.end(), output.free());
    output.Use(body.size());
    return output.Take();
  }
  Status status;
  if (encoding == "gzip" || encoding == "x-gzip") {
    status = InflateGzip(body, &output);
  } else if (encoding == "deflate") {
    status = InflateDeflate(body, &output);
  } else if (encoding == "zstd") {
    status = InflateZstd(body, &output);
  } else {
    status = Status(StatusCode::kUnimplemented, "content encoding '" + encoding.substr(0, 64) +
                                                    "' is not supported, use " +
                                                    std::string(SupportedEncodings()));
  }
  if (!status.ok()) return status;
  return output.Take();
}

Result<std::string> Compress(std::string_view encoding, std::string_view body) {
  if (encoding.empty() || encoding == "identity") return std::string(body);
  if (encoding == "gzip" || encoding == "deflate") {
    const std::unique_ptr<libdeflate_compressor, LibdeflateDeleter> compressor(
        libdeflate_alloc_compressor(kDeflateLevel));
    return Deflated(compressor.get(), encoding == "gzip", body);
  }
  if (encoding != "zstd") {
    return Status(StatusCode::kUnimplemented,
                  "encoding '" + std::string(encoding) + "' is not supported");
  }
  std::string out(ZSTD_compressBound(body.size()), '\0');
  const size_t size = ZSTD_compress(out.data(), out.size(), body.data(), body.size(), kZstdLevel);
  if (ZSTD_isError(size) != 0) return Status(StatusCode::kInternal, ZSTD_getErrorName(size));
  out.resize(size);
  return out;
}

std::string_view SupportedEncodings() {
  return "gzip, deflate, zstd";
}

}  // namespace spandrel::net
