// SPDX-License-Identifier: Apache-2.0
#include "net/http/compression.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <memory>

namespace spandrel::net {
namespace {

using base::ByteBudget;
using base::StatusCode;

constexpr size_t kMiB = 1 << 20;

std::string Mixed(size_t size) {
  std::string text;
  for (uint32_t i = 0; text.size() < size; ++i) text += std::to_string(i * 2654435761U);
  return text;
}

std::string StreamedZstd(std::string_view body, int window_log) {
  const std::unique_ptr<ZSTD_CCtx, size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(),
                                                                   ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, window_log);
  std::string out(ZSTD_compressBound(body.size()), '\0');
  ZSTD_inBuffer in{body.data(), body.size(), 0};
  ZSTD_outBuffer to{out.data(), out.size(), 0};
  ZSTD_compressStream2(context.get(), &to, &in, ZSTD_e_flush);  // hides the size
  while (ZSTD_compressStream2(context.get(), &to, &in, ZSTD_e_end) != 0) {
  }
  out.resize(to.pos);
  return out;
}

class DecompressTest : public ::testing::Test {
 protected:
  DecompressTest() { EXPECT_TRUE(budget.TryReserve(1, &reservation)); }

  ByteBudget budget{64 * kMiB};
  ByteBudget::Reservation reservation;
};

TEST_F(DecompressTest, RoundTrips) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{1000}, 3 * kMiB}) {
    const std::string body = Mixed(size);
    for (const std::string_view encoding : {"", "identity", "gzip", "deflate", "zstd"}) {
      const auto squeezed = Compress(encoding, body);
      ASSERT_TRUE(squeezed.ok());
      const auto restored = Decompress(encoding, *squeezed, 8 * kMiB, &reservation);
      ASSERT_TRUE(restored.ok()) << encoding << size << restored.status().ToString();
      EXPECT_EQ(*restored, body);
    }
  }
}

TEST_F(DecompressTest, NamesHaveNoCase) {
  const auto squeezed = Compress("gzip", "text");
  ASSERT_TRUE(squeezed.ok());
  const auto text = Decompress("GZip", *squeezed, 10, &reservation);
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(*text, "text");
}

TEST_F(DecompressTest, RawDeflate) {
  const std::string zlib = *Compress("deflate", Mixed(5000));
  const std::string raw = zlib.substr(2, zlib.size() - 6);
  EXPECT_EQ(*Decompress("deflate", raw, kMiB, &reservation), Mixed(5000));
}

TEST_F(DecompressTest, SeveralMembersAndFrames) {
  const std::string gzip = *Compress("gzip", "one") + *Compress("gzip", "two");
  EXPECT_EQ(*Decompress("gzip", gzip, kMiB, &reservation), "onetwo");
  const std::string zstd = *Compress("zstd", "one") + *Compress("zstd", "two");
  EXPECT_EQ(*Decompress("zstd", zstd, kMiB, &reservation), "onetwo");
}

TEST_F(DecompressTest, ReservesWhatItTakes) {
  const std::string gzip = *Compress("gzip", std::string(kMiB, 'x'));
  const auto body = Decompress("gzip", gzip, 8 * kMiB, &reservation);
  EXPECT_GE(reservation.bytes(), kMiB);
  EXPECT_LE(reservation.bytes(), 2 * kMiB);
}

TEST_F(DecompressTest, BombsStopAtTheLimit) {
  const std::string zeros(64 * kMiB, '\0');
  for (const std::string_view encoding : {"gzip", "deflate", "zstd"}) {
    const std::string bomb = *Compress(encoding, zeros);
    const auto body = Decompress(encoding, bomb, kMiB, &reservation);
    EXPECT_EQ(body.status().code(), StatusCode::kResourceExhausted) << encoding;
    EXPECT_LE(reservation.bytes(), 2 * kMiB + 16) << encoding;
  }
  // A size that lies about being small does not help.
  std::string bomb = *Compress("gzip", zeros);
  bomb.replace(bomb.size() - 4, 4, std::string(4, '\1'));
  EXPECT_EQ(Decompress("gzip", bomb, kMiB, &reservation).status().code(),
            StatusCode::kResourceExhausted);
  EXPECT_EQ(Decompress("zstd", StreamedZstd(zeros, 20), kMiB, &reservation).status().code(),
            StatusCode::kResourceExhausted);
}

TEST_F(DecompressTest, ClaimedFourGiBIsRefusedBeforeMemoryIsSpent) {
  // A zstd frame of one segment whose 8-byte content size says 4 GiB.
  const std::string frame("\x28\xb5\x2f\xfd\xe0\0\0\0\0\1\0\0\0\1\0\0", 16);
  EXPECT_EQ(Decompress("zstd", frame, 64 * kMiB, &reservation).status().code(),
            StatusCode::kResourceExhausted);
  EXPECT_EQ(reservation.bytes(), 1U);
}

TEST_F(DecompressTest, ClaimsAreNotBelievedWithoutInput) {
  // The same claiming 32 MiB, within the limit, from 16 bytes.
  const std::string frame("\x28\xb5\x2f\xfd\xe0\0\0\0\2\0\0\0\0\1\0\0", 16);
  EXPECT_EQ(Decompress("zstd", frame, 64 * kMiB, &reservation).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_LE(reservation.bytes(), 128U << 10);
}

TEST_F(DecompressTest, LargeZstdWindowIsRefused) {
  const std::string body = Mixed(20 * kMiB);
  const std::string wide = StreamedZstd(body, 24);
  EXPECT_EQ(Decompress("zstd", wide, 64 * kMiB, &reservation).status().code(),
            StatusCode::kResourceExhausted);
  const std::string fitting = StreamedZstd(body, 23);
  ByteBudget large(256 * kMiB);
  ByteBudget::Reservation held;
  ASSERT_TRUE(large.TryReserve(1, &held));
  EXPECT_EQ(*Decompress("zstd", fitting, 64 * kMiB, &held), body);
}

TEST_F(DecompressTest, NoRoomInTheBudgetIsUnavailable) {
  ByteBudget small(100 << 10);
  ByteBudget::Reservation held;
  ASSERT_TRUE(small.TryReserve(1, &held));
  for (const std::string_view encoding : {"gzip", "deflate", "zstd"}) {
    const std::string squeezed = *Compress(encoding, std::string(kMiB, 'x'));
    const auto body = Decompress(encoding, squeezed, 8 * kMiB, &held);
    EXPECT_EQ(body.status().code(), StatusCode::kUnavailable);
    EXPECT_TRUE(body.status().retry_after());
  }
}

TEST_F(DecompressTest, MalformedInput) {
  for (const std::string_view encoding : {"gzip", "deflate", "zstd"}) {
    const std::string whole = *Compress(encoding, Mixed(1000));
    for (size_t size = 0; size < whole.size(); ++size) {
      const auto cut = Decompress(encoding, whole.substr(0, size), kMiB, &reservation);
      EXPECT_FALSE(cut.ok()) << encoding << " " << size;
    }
    const auto trailing = Decompress(encoding, whole + "garbage", kMiB, &reservation);
    EXPECT_EQ(trailing.status().code(),
              encoding == "gzip" ? StatusCode::kResourceExhausted : StatusCode::kInvalidArgument);
  }
}

TEST_F(DecompressTest, UnknownAndLayeredEncodingsAreUnimplemented) {
  for (const std::string_view encoding : {"br", "gzip, gzip", "snappy", "GZIP2"}) {
    EXPECT_EQ(Decompress(encoding, "x", kMiB, &reservation).status().code(),
              StatusCode::kUnimplemented);
    EXPECT_EQ(Compress(encoding, "x").status().code(), StatusCode::kUnimplemented);
  }
}

}  // namespace
}  // namespace spandrel::net
