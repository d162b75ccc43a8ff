// SPDX-License-Identifier: Apache-2.0
#include "net/http/gzip_stream.h"

#include <gtest/gtest.h>

#include <string>

#include "net/http/compression.h"

namespace spandrel::net {
namespace {

TEST(GzipStreamTest, PiecesAreOneBody) {
  GzipStream stream;
  std::string compressed;
  std::string body;
  for (int i = 0; i < 5'000; ++i) {
    const std::string piece = "piece " + std::to_string(i * 7919) + "\n";
    body += piece;
    stream.Add(piece, &compressed);
  }
  stream.Finish(&compressed);
  EXPECT_LT(compressed.size(), body.size());
  const auto read = Decompress("gzip", compressed, 1 << 20, nullptr);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(*read, body);
}

TEST(GzipStreamTest, OfNothing) {
  GzipStream stream;
  std::string compressed;
  stream.Finish(&compressed);
  const auto read = Decompress("gzip", compressed, 16, nullptr);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(*read, "");
}

}  // namespace
}  // namespace spandrel::net
