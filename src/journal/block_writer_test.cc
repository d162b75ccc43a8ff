// SPDX-License-Identifier: Apache-2.0
#include "journal/block_writer.h"

#include <gtest/gtest.h>

#include <random>

#include "disk/file.h"
#include "disk/testing/directory.h"

namespace spandrel::journal {
namespace {

constexpr uint64_t kSize = 4 << 20;

class BlockWriterTest : public testing::Test {
 protected:
  // A file with a header, as the log has it.
  void Open(uint64_t size, bool past_cache) {
    auto file = disk::File::Create(directory_.path() + "/log");
    ASSERT_TRUE(file.ok());
    file_.emplace(std::move(*file));
    ASSERT_TRUE(file_->Preallocate(size).ok());
    content_ = "header";
    ASSERT_TRUE(file_->WriteAt(content_, 0).ok());
    blocks_.Begin(&*file_, content_.size(), size, past_cache);
  }

  // Appends texts that stay and one that may be overwritten, as a group of records and the mark of
  // the log's end.
  void Append(const std::vector<std::string>& texts, const std::string& mark) {
    const uint64_t offset = content_.size();
    std::vector<iovec> parts;
    for (const std::string& text : texts) {
      parts.push_back({const_cast<char*>(text.data()), text.size()});
      content_ += text;
    }
    parts.push_back({const_cast<char*>(mark.data()), mark.size()});
    const base::Status written = blocks_.Write(&parts, offset, content_.size());
    ASSERT_TRUE(written.ok()) << written.ToString();
    const auto found =
        disk::File::OpenToRead(file_->path())->ReadAt(0, content_.size() + mark.size());
    ASSERT_TRUE(found.ok());
    ASSERT_TRUE(*found == content_ + mark) << "after " << content_.size() << " bytes";
  }

  std::string Text(size_t size) {
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(random_());
    return text;
  }

  disk::TestDirectory directory_;
  std::optional<disk::File> file_;
  BlockWriter blocks_;
  std::string content_;
  std::mt19937 random_{20261123};
};

TEST_F(BlockWriterTest, KeepsWhatWasWritten) {
  Open(kSize, true);
  while (content_.size() < kSize / 2) {
    std::vector<std::string> texts;
    for (size_t count = 1 + random_() % 4; count > 0; --count) {
      texts.push_back(Text(random_() % 8 == 0 ? random_() % 50'000 : random_() % 500));
    }
    Append(texts, Text(8));
  }
}

TEST_F(BlockWriterTest, BeginsAndEndsAtBlocks) {
  Open(kSize, true);
  Append({Text(BlockWriter::kBlockBytes - content_.size())}, "mark");
  Append({Text(BlockWriter::kBlockBytes)}, "");
  Append({Text(BlockWriter::kBlockBytes - 2)}, "mark");
  Append({"ab"}, "mark");
}

TEST_F(BlockWriterTest, AGroupMayBeLargerThanTheBuffer) {
  Open(kSize, true);
  Append({Text(1'500'000), Text(1'000'000)}, "mark");
  Append({Text(100)}, "mark");
}

TEST_F(BlockWriterTest, FilesThatAreNotOfWholeBlocksAreWrittenToo) {
  Open(BlockWriter::kBlockBytes + 17, true);
  Append({Text(BlockWriter::kBlockBytes)}, "mark");
  EXPECT_EQ(file_->Size().value(), BlockWriter::kBlockBytes + 17);
}

TEST_F(BlockWriterTest, TheFileDoesNotGrow) {
  Open(2 * BlockWriter::kBlockBytes, true);
  Append({Text(2 * BlockWriter::kBlockBytes - content_.size() - 1)}, "");
  EXPECT_EQ(file_->Size().value(), 2 * BlockWriter::kBlockBytes);
}

TEST_F(BlockWriterTest, ThroughTheCacheWhenAsked) {
  Open(kSize, false);
  Append({Text(10), Text(20'000)}, "mark");
  Append({Text(10)}, "mark");
  // What lies behind is as it was.
  EXPECT_EQ(file_->ReadAt(content_.size() + 4, 4).value(), std::string(4, '\0'));
}

}  // namespace
}  // namespace spandrel::journal
