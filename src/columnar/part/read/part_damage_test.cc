// SPDX-License-Identifier: Apache-2.0
// Parts with bits that are wrong.
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <string>

#include "columnar/compaction/merge.h"
#include "columnar/part/read/part.h"
#include "columnar/read/traces/verify.h"
#include "columnar/testing/golden.h"
#include "columnar/testing/part.h"
#include "disk/testing/directory.h"

namespace spandrel::columnar {
namespace {

class PartDamageTest : public testing::Test {
 protected:
  PartDamageTest() {
    bytes_ = PartOf(1);
    spans_ = Read(bytes_).spans;
  }

  // A part of so many row groups.
  std::string PartOf(int groups) {
    auto part = PartWriter::Create(path_, Effort::kFast);
    EXPECT_TRUE(part.ok());
    for (int i = 0; i < groups; ++i) {
      const EncodedRowGroup group = SampleGroup(**part);
      EXPECT_TRUE((*part)->AddGroup(group).ok());
    }
    EXPECT_TRUE((*part)->Finish(1, {}).ok());
    return ReadWholeFile(path_);
  }
  PartPtr Open(const std::string& bytes) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
    auto part = Part::Open(path_, 1);
    EXPECT_TRUE(part.ok()) << part.status().ToString();
    return part.ok() ? *part : nullptr;
  }
  // Where its first footer begins.
  size_t FooterOf(const std::string& bytes) {
    return bytes.find(EncodePartFooter(Open(bytes)->footer()));
  }

  // A part of those bytes, read through; nothing of one that does not open.
  ReadThrough Read(const std::string& bytes) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
    const auto part = Part::Open(path_, 1);
    if (!part.ok()) return {.spans = 0, .unreadable_spans = spans_, .damage = "does not open"};
    return ReadThroughPart(*part, [](uint64_t) { return true; });
  }
  std::string WithFlips(int count) {
    std::string damaged = bytes_;
    for (int i = 0; i < count; ++i) {
      char& byte = damaged[random_() % damaged.size()];
      byte = static_cast<char>(byte ^ (1 << random_() % 8));
    }
    return damaged;
  }

  disk::TestDirectory directory_;
  const std::string path_ = directory_.path() + "/a.part";
  std::string bytes_;
  uint64_t spans_ = 0;
  std::mt19937 random_{7};
};

TEST_F(PartDamageTest, AnyFlippedBitIsFoundAndCostsNoSpan) {
  ASSERT_GT(spans_, 0U);
  EXPECT_EQ(Read(bytes_).damage, "");
  for (int i = 0; i < 300; ++i) {
    const ReadThrough read = Read(WithFlips(1));
    EXPECT_EQ(read.spans, spans_) << read.damage;
    EXPECT_EQ(read.unreadable_spans, 0U);
    EXPECT_NE(read.damage, "") << i;
  }
}

TEST_F(PartDamageTest, EverySpanIsReadOrCountedHoweverManyBitsFlip) {
  for (const int flips : {2, 5, 20, 200}) {
    for (int i = 0; i < 20; ++i) {
      const ReadThrough read = Read(WithFlips(flips));
      EXPECT_EQ(read.spans + read.unreadable_spans, spans_) << read.damage;
    }
  }
}

TEST_F(PartDamageTest, EverySpanIsReadOrCountedBesideZeros) {
  for (size_t at = 0; at < bytes_.size(); at += kGuardPageBytes) {
    std::string damaged = bytes_;
    const size_t size = std::min(kGuardPageBytes, damaged.size() - at);
    damaged.replace(at, size, size, '\0');
    const ReadThrough read = Read(damaged);
    EXPECT_EQ(read.spans + read.unreadable_spans, spans_) << at << read.damage;
  }
}

TEST_F(PartDamageTest, OneOfTwoFootersIsEnough) {
  std::string damaged = bytes_;
  damaged.replace(damaged.size() - 50, 50, 50, 'x');
  EXPECT_EQ(Read(damaged).spans, spans_);
  damaged.resize(damaged.size() - 100);
  EXPECT_EQ(Read(damaged).spans, spans_);
}

TEST_F(PartDamageTest, BothFootersComeBackFromTheGuard) {
  for (const int groups : {1, 3}) {
    const std::string whole = PartOf(groups);
    std::string damaged = whole;
    const size_t first = FooterOf(whole);
    for (const size_t at : {first + 20, first + 30, whole.size() - 70}) {
      damaged[at] = static_cast<char>(damaged[at] ^ 16);
    }
    EXPECT_EQ(Read(damaged).spans, spans_ * static_cast<uint64_t>(groups));
    const PartPtr part = Open(damaged);
    EXPECT_FALSE(part->file().is_rebuilt());
    if (groups == 1) continue;  // all of it is one page, which cannot tell its guard
    for (const auto& page : part->file().mended_pages()) {
      damaged.replace(page.offset, page.bytes.size(), page.bytes);
    }
    EXPECT_TRUE(damaged == whole);
  }
}

TEST_F(PartDamageTest, RowGroupsAreFoundWithoutAnyFooter) {
  const std::string whole = PartOf(3);
  const PartFooter written = Open(whole)->footer();
  const std::string damaged = whole.substr(0, FooterOf(whole));
  const PartPtr part = Open(damaged);
  ASSERT_TRUE(part->file().is_rebuilt());
  EXPECT_EQ(part->file().lost_spans(), 0U);
  EXPECT_EQ(part->footer().row_count, written.row_count);
  EXPECT_EQ(part->footer().trace_count, written.trace_count);
  EXPECT_EQ(part->footer().min_start, written.min_start);
  EXPECT_GE(part->footer().max_start, written.max_start);
  const ReadThrough read = Read(damaged);
  EXPECT_EQ(read.spans, 3 * spans_);
  EXPECT_NE(read.damage, "");
}

TEST_F(PartDamageTest, ARowGroupThatIsNotFoundIsCounted) {
  const std::string whole = PartOf(3);
  const SectionRecord directory = Open(whole)->footer().groups[1].directory;
  std::string damaged = whole.substr(0, FooterOf(whole));
  damaged.replace(directory.offset, directory.stored_size, directory.stored_size, 'x');
  const ReadThrough read = Read(damaged);
  EXPECT_EQ(read.spans, 2 * spans_);
  EXPECT_GE(read.unreadable_spans, spans_ / 2);
  EXPECT_LE(read.unreadable_spans, 2 * spans_);
}

TEST_F(PartDamageTest, WhatCanBeReadIsWrittenAnew) {
  std::string damaged = PartOf(3);
  const auto group = Open(damaged)->Group(1);
  ASSERT_TRUE(group.ok());
  const SectionRecord column = (*group)->sections().back();
  ASSERT_GE(column.kind, SectionKind::kFirstColumn);
  damaged.resize(FooterOf(damaged));
  damaged.replace(column.offset + kSectionHeaderSize, column.stored_size, column.stored_size, 'x');
  const PartPtr part = Open(damaged);
  const std::string anew = directory_.path() + "/anew.part";
  const base::Status written = RewriteReadable(part, anew);
  ASSERT_TRUE(written.ok()) << written.ToString();
  EXPECT_TRUE(part->IsGroupDamaged(1));
  const ReadThrough read = Read(ReadWholeFile(anew));
  EXPECT_EQ(read.spans, 2 * spans_);
  EXPECT_EQ(read.damage, "");
}

TEST_F(PartDamageTest, MendedPagesAreThoseThatWereWritten) {
  std::string damaged = bytes_;
  damaged[200] = static_cast<char>(damaged[200] ^ 4);
  damaged[damaged.size() - 60] = static_cast<char>(damaged[damaged.size() - 60] ^ 4);
  std::ofstream(path_, std::ios::binary | std::ios::trunc) << damaged;
  const auto part = Part::Open(path_, 1);
  ASSERT_TRUE(part.ok());
  EXPECT_FALSE((*part)->file().CheckPages(0, 1000).is_damaged);
  for (const auto& page : (*part)->file().mended_pages()) {
    damaged.replace(page.offset, page.bytes.size(), page.bytes);
  }
  EXPECT_EQ(damaged, bytes_);
}

}  // namespace
}  // namespace spandrel::columnar
