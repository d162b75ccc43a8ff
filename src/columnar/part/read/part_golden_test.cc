// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "columnar/compaction/merge.h"
#include "columnar/read/scan/part_source.h"
#include "columnar/testing/golden.h"
#include "columnar/testing/part.h"
#include "disk/testing/directory.h"

// Part files of all versions, kept in tests/data/store. Only reading them is tested: bytes under
// zstd depend on the library.
namespace spandrel::columnar {
namespace {

std::vector<std::string> MessagesOf(const std::string& path) {
  std::vector<std::string> messages;
  const auto part = Part::Open(path, 1);
  EXPECT_TRUE(part.ok()) << part.status().ToString();
  auto source = PartSource::Open(*part, nullptr);
  const auto all = Matcher::Make(storage::Predicate::All(), {});
  for (uint32_t group = 0; group < (*part)->footer().groups.size(); ++group) {
    const auto add = [&](const span::SpanRef& span) {
      messages.emplace_back(span.message());
      return base::Status();
    };
    EXPECT_TRUE(source->ScanGroup({}, group, *all, Content::kFull, add).ok());
  }
  std::sort(messages.begin(), messages.end());
  return messages;
}

std::vector<std::string> SampleMessages() {
  const auto request = wire::DecodeOtlpProtobuf(base::MakeSharedBytes(SampleRequest()));
  std::vector<std::string> messages;
  for (const span::SpanEntry& entry : request->chunk->spans) {
    messages.emplace_back(entry.message.In(request->chunk->bytes()));
  }
  std::sort(messages.begin(), messages.end());
  return messages;
}

void WriteSample(const std::string& path) {
  auto part = PartWriter::Create(path, Effort::kFast);
  ASSERT_TRUE(part.ok());
  const EncodedRowGroup group = SampleGroup(**part);
  ASSERT_TRUE((*part)->AddGroup(group).ok());
  ASSERT_TRUE((*part)->Finish(1, {}).ok());
}

TEST(PartGoldenTest, Version3IsRead) {
  EXPECT_EQ(MessagesOf(GoldenPath("part-v3.part")), SampleMessages());
}

TEST(PartGoldenTest, Version4IsRead) {
  disk::TestDirectory directory;
  const std::string written = directory.path() + "/written.part";
  WriteSample(written);
  GoldenFile("part-v4.part", ReadWholeFile(written));
  EXPECT_EQ(MessagesOf(GoldenPath("part-v4.part")), SampleMessages());
}

TEST(PartGoldenTest, APartGivesBackEveryByte) {
  disk::TestDirectory directory;
  const std::string written = directory.path() + "/written.part";
  WriteSample(written);
  EXPECT_EQ(MessagesOf(written), SampleMessages());
}

// Joined with itself every span is there twice: merging does not look for spans that were resent.
TEST(PartGoldenTest, MergedPartsGiveBackEveryByte) {
  disk::TestDirectory directory;
  const std::string written = directory.path() + "/written.part";
  const std::string merged = directory.path() + "/merged.part";
  WriteSample(written);
  const auto part = Part::Open(written, 1);
  ASSERT_TRUE(part.ok());
  ASSERT_TRUE(MergeParts({*part, *part}, merged).ok());
  std::vector<std::string> twice = SampleMessages();
  const std::vector<std::string> once = twice;
  twice.insert(twice.end(), once.begin(), once.end());
  std::sort(twice.begin(), twice.end());
  EXPECT_EQ(MessagesOf(merged), twice);
}

}  // namespace
}  // namespace spandrel::columnar
