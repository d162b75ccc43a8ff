// SPDX-License-Identifier: Apache-2.0
#include "columnar/head/parked_head.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "columnar/head/head_view.h"
#include "conformance/test_spans.h"
#include "disk/file.h"
#include "disk/testing/directory.h"
#include "wire/otlp/otlp.h"

namespace spandrel::columnar {
namespace {

using conformance::TestSpan;
using conformance::TraceIdOf;

constexpr uint64_t kRequests = 20;
constexpr uint64_t kPlaceSize = 4096;  // a request has its pages to itself

class NothingKnown final : public Head::Known {
 public:
  void Prefetch(uint64_t /*hash*/) const override {}
  bool Contains(const span::SpanEntry& /*entry*/, uint64_t /*hash*/) const override {
    return false;
  }
};

// A parked head of kRequests requests: request `n` has a span of trace n + 1, one of trace 100, and
// one that the first request had already.
class ParkedHeadTest : public testing::Test {
 protected:
  ParkedHeadTest() : path_(directory_.path() + "/log") {
    std::string bytes;
    std::vector<std::string> requests;
    for (uint64_t n = 0; n < kRequests; ++n) {
      requests.push_back(RequestOf(n));
      bytes += requests.back() + std::string(kPlaceSize - requests.back().size(), '\0');
    }
    auto written = disk::File::Create(path_);
    EXPECT_TRUE(written.ok() && written->WriteAt(bytes, 0).ok());
    file_ = journal::LogFileBytes::Open(path_).value();
    Head head;
    std::vector<journal::LogPlace> places;
    for (uint64_t n = 0; n < kRequests; ++n) {
      places.push_back({file_, n * kPlaceSize, static_cast<uint32_t>(requests[n].size()),
                        base::Crc32c(requests[n])});
      head.Add(Decode(requests[n]), NothingKnown());
      head.NoteSequence(n + 1, {});
    }
    parked_ = std::make_shared<const ParkedHead>(head, places);
  }

  static std::string RequestOf(uint64_t n) {
    return conformance::EncodeRequest({{.trace = n + 1, .span = 1, .start = 1000 + n},
                                       {.trace = 1000, .span = 1, .start = 500},
                                       {.trace = 100, .span = n + 1, .start = 2000 + n}});
  }
  static std::shared_ptr<const span::SpanChunk> Decode(std::string request) {
    return wire::DecodeOtlpProtobuf(base::MakeSharedBytes(std::move(request)))->chunk;
  }
  bool Contains(uint64_t request, size_t span) const {
    const auto chunk = Decode(RequestOf(request));
    return parked_->Contains(chunk->spans[span], ContentHasher(*chunk).Of(chunk->spans[span]));
  }
  static size_t SpansOfTrace(const HeadView& view, uint64_t trace) {
    std::vector<span::SpanRef> spans;
    std::vector<std::shared_ptr<const span::SpanChunk>> chunks;
    view.FindTrace(TraceIdOf(trace), &spans, &chunks);
    return spans.size();
  }
  // Ends the file behind request `n`, as a disk would that cannot read the rest.
  void LoseAllFrom(uint64_t n) { ASSERT_EQ(::truncate(path_.c_str(), n * kPlaceSize), 0); }

  disk::TestDirectory directory_;
  std::string path_;
  journal::LogFileBytesPtr file_;
  ParkedHeadPtr parked_;
};

TEST_F(ParkedHeadTest, KnowsItsSpansAndNoOthers) {
  EXPECT_EQ(parked_->row_count(), 2 * kRequests + 1);
  for (uint64_t n = 0; n < kRequests; ++n) {
    for (size_t span = 0; span < 3; ++span) EXPECT_TRUE(Contains(n, span)) << n << " " << span;
  }
  EXPECT_FALSE(Contains(kRequests, 0));
  EXPECT_FALSE(parked_->damaged());
  const HeadView view(parked_);
  EXPECT_EQ(SpansOfTrace(view, 3), 1U);
  EXPECT_EQ(SpansOfTrace(view, 100), kRequests);
  EXPECT_EQ(SpansOfTrace(view, 1000), 1U);
  EXPECT_EQ(SpansOfTrace(view, 77), 0U);
  EXPECT_EQ(view.SpansOf(view.chunks()[0]), (std::vector<uint32_t>{0, 1, 2}));
  EXPECT_EQ(view.SpansOf(view.chunks()[1]), (std::vector<uint32_t>{0, 2}));
}

// Else each span that is sent after a restart might read one.
TEST_F(ParkedHeadTest, ReadsNoRequestForSpansOfOthers) {
  LoseAllFrom(0);
  const auto chunk = Decode(RequestOf(1));
  const ContentHasher hasher(*chunk);
  for (uint64_t i = 1; i <= 10'000; ++i) {
    EXPECT_FALSE(parked_->Contains(chunk->spans[0], hasher.Of(chunk->spans[0]) + i));
    EXPECT_TRUE(parked_->ChunksOf(TraceIdOf(5000 + i)).empty());
  }
  EXPECT_FALSE(parked_->damaged());
  EXPECT_FALSE(Contains(1, 0));
  EXPECT_TRUE(parked_->damaged());
}

TEST_F(ParkedHeadTest, ComesBackIntoMemoryAsItWas) {
  const ParkedHead::Restored restored = parked_->Restore();
  EXPECT_EQ(restored.lost_requests, 0U);
  EXPECT_EQ(restored.head->row_count(), parked_->row_count());
  EXPECT_EQ(restored.head->last_sequence(), kRequests);
  EXPECT_EQ(SpansOfTrace(HeadView(restored.head), 100), kRequests);
  EXPECT_EQ(SpansOfTrace(HeadView(restored.head), 1000), 1U);
}

TEST_F(ParkedHeadTest, ARequestThatCannotBeReadIsLostAlone) {
  LoseAllFrom(15);
  const HeadView view(parked_);
  EXPECT_EQ(SpansOfTrace(view, 3), 1U);
  EXPECT_FALSE(view.damaged());
  EXPECT_EQ(SpansOfTrace(view, 100), 15U);
  EXPECT_TRUE(view.damaged());
  const ParkedHead::Restored restored = parked_->Restore();
  EXPECT_EQ(restored.lost_requests, kRequests - 15);
  EXPECT_GT(restored.lost_bytes, 0U);
  EXPECT_EQ(SpansOfTrace(HeadView(restored.head), 100), 15U);
  EXPECT_EQ(restored.head->last_sequence(), kRequests);
}

}  // namespace
}  // namespace spandrel::columnar
