// SPDX-License-Identifier: Apache-2.0
#include "net/http2/stream_history.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/http2/frame_finder.h"

namespace spandrel::net {
namespace {

TEST(StreamHistoryTest, NumbersGoUp) {
  StreamHistory history;
  EXPECT_TRUE(history.Open(1));
  EXPECT_TRUE(history.Open(3));
  EXPECT_TRUE(history.Open(9));
  EXPECT_FALSE(history.Open(5));
  EXPECT_FALSE(history.Open(7));
  EXPECT_TRUE(history.Open(9)) << "trailers";
  EXPECT_TRUE(history.Open(11));
  StreamHistory late;
  EXPECT_TRUE(late.Open(5));
  EXPECT_FALSE(late.Open(1));
}

TEST(StreamHistoryTest, OldEndsAreForgotten) {
  StreamHistory history;
  for (int32_t id = 1; id < 200; id += 2) history.End(id);
  EXPECT_TRUE(history.HasEnded(199));
  EXPECT_TRUE(history.HasEnded(169));
  EXPECT_FALSE(history.HasEnded(1));
  EXPECT_FALSE(history.HasEnded(201));
}

TEST(FrameFinderTest, FindsFramesInPiecesOfAnySize) {
  const std::string preface(NGHTTP2_CLIENT_MAGIC, NGHTTP2_CLIENT_MAGIC_LEN);
  const std::string settings("\0\0\0\4\0\0\0\0\0", 9);
  const std::string data("\0\0\3\0\1\x80\0\0\5abc", 12);
  const std::string headers("\0\0\1\1\4\0\1\0\7h", 10);
  const std::string all = preface + settings + data + headers;
  for (size_t piece = 1; piece <= all.size(); ++piece) {
    FrameFinder finder;
    std::vector<FrameHead> heads;
    std::string taken;
    for (size_t at = 0; at < all.size(); at += piece) {
      std::string_view input = std::string_view(all).substr(at, piece);
      while (!input.empty()) {
        std::optional<FrameHead> begun;
        taken += finder.Take(&input, &begun);
        if (begun) heads.push_back(*begun);
      }
    }
    EXPECT_EQ(taken, all);
    ASSERT_EQ(heads.size(), 3U) << piece;
    EXPECT_EQ(heads[0].type, NGHTTP2_SETTINGS);
    EXPECT_EQ(heads[1].type, NGHTTP2_DATA);
    EXPECT_EQ(heads[1].stream, 5) << "without the reserved bit";
    EXPECT_EQ(heads[2].type, NGHTTP2_HEADERS);
    EXPECT_EQ(heads[2].stream, 65'543);
  }
}

}  // namespace
}  // namespace spandrel::net
