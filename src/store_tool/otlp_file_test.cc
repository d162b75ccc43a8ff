// SPDX-License-Identifier: Apache-2.0
#include "store_tool/otlp_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "wire/testing/request.h"

namespace spandrel::store_tool {
namespace {

namespace fs = std::filesystem;
using base::StatusCode;

class OtlpFileTest : public testing::Test {
 protected:
  OtlpFileTest() {
    char name[] = "/tmp/spandrel-otlp-file-XXXXXX";
    path_ = std::string(mkdtemp(name)) + "/file";
  }
  ~OtlpFileTest() override { fs::remove_all(fs::path(path_).parent_path()); }

  void Write(size_t entries, OtlpFormat format, Compression compression) const {
    auto sink = ByteSink::Open(path_, compression, true);
    ASSERT_TRUE(sink.ok());
    for (size_t i = 0; i < entries; ++i) {
      ASSERT_TRUE((*sink)->Write(EncodeFileEntry(wire::MakeTestBatch("a", 1 + i, 3), format)).ok());
    }
    ASSERT_TRUE((*sink)->Finish().ok());
  }
  // How many entries there are, and what ends them.
  std::pair<size_t, base::Status> Read() const {
    OtlpFileReader reader(*ByteSource::Open(path_));
    size_t entries = 0;
    auto entry = reader.Next();
    for (; entry.ok() && *entry; entry = reader.Next()) ++entries;
    return {entries, entry.status()};
  }

  std::string path_;
};

TEST_F(OtlpFileTest, ReadsWhatWasWritten) {
  for (const auto format : {OtlpFormat::kJson, OtlpFormat::kProto}) {
    for (const auto compression : {Compression::kNone, Compression::kGzip, Compression::kZstd}) {
      Write(5, format, compression);
      const auto [entries, status] = Read();
      EXPECT_TRUE(status.ok()) << status.ToString();
      EXPECT_EQ(entries, 5u);
    }
  }
}

TEST_F(OtlpFileTest, GivesWhatIsBeforeTheDamageOfGzip) {
  Write(5, OtlpFormat::kProto, Compression::kGzip);
  const auto size = static_cast<std::streamoff>(fs::file_size(path_));
  std::fstream(path_, std::ios::in | std::ios::out).seekp(size - 8) << "!!!!";  // the checksum
  const auto [entries, status] = Read();
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_NE(status.message().find("gzip is damaged"), std::string::npos);
  EXPECT_EQ(entries, 5u);
}

// Their lengths begin with bytes that are blanks in JSON.
TEST_F(OtlpFileTest, KnowsLongMessages) {
  for (const char first : {'\t', '\n', '\r', ' '}) {
    std::ofstream(path_, std::ios::binary) << first << std::string("\0\0\1\n\2\n\0", 7);
    const auto [entries, status] = Read();
    EXPECT_EQ(entries, 0u);
    EXPECT_EQ(status.message(), "entry 1: cut off");
  }
}

TEST_F(OtlpFileTest, BlankLinesAreNothing) {
  std::ofstream(path_) << "\n \t\r\n" << std::string(1'000, ' ') << "\n{}\n\n{}";
  EXPECT_EQ(Read().first, 2u);
  std::ofstream(path_) << "\n \n";
  const auto [entries, status] = Read();
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(entries, 0u);
}

}  // namespace
}  // namespace spandrel::store_tool
