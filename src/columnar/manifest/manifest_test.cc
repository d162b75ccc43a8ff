// SPDX-License-Identifier: Apache-2.0
#include "columnar/manifest/manifest.h"

#include <gtest/gtest.h>

#include <fstream>

#include "columnar/options/store_layout.h"
#include "columnar/testing/golden.h"
#include "disk/directory.h"
#include "disk/testing/directory.h"

namespace spandrel::columnar {
namespace {

const Manifest kManifest = {7, 1234, 1200, {{3, 0xabc}, {6, 0xdef}}};

TEST(ManifestTest, ReadsWhatWasWritten) {
  EXPECT_EQ(ParseManifest(EncodeManifest(kManifest)).value(), kManifest);
}

TEST(ManifestTest, AnyFlippedByteAndAnyCutIsDamage) {
  const std::string bytes = EncodeManifest(kManifest);
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    EXPECT_EQ(ParseManifest(damaged).status().code(), base::StatusCode::kDataLoss) << at;
    EXPECT_EQ(ParseManifest(bytes.substr(0, at)).status().code(), base::StatusCode::kDataLoss);
  }
}

TEST(ManifestTest, BytesAreThoseOfTheFormat) {
  const std::string bytes = EncodeManifest(kManifest);
  const std::string golden = GoldenFile("manifest-v2", bytes);
  EXPECT_TRUE(bytes == golden);
  EXPECT_EQ(ParseManifest(golden).value(), kManifest);
}

// The only tenant's records are all records.
TEST(ManifestTest, ReadsTheFirstVersion) {
  const Manifest expected = {7, 1234, 1234, {{3, 0xabc}, {6, 0xdef}}};
  EXPECT_EQ(ParseManifest(ReadWholeFile(GoldenPath("manifest-v1"))).value(), expected);
}

TEST(ManifestTest, SavingReplacesAndLoadingQuarantinesDamage) {
  const disk::TestDirectory directory;
  const StoreLayout layout(directory.path());
  ASSERT_TRUE(disk::MakeFolder(layout.QuarantineFolder()).ok());
  EXPECT_FALSE(LoadManifest(layout).value().has_value());
  ASSERT_TRUE(SaveManifest(layout, Manifest()).ok());
  ASSERT_TRUE(SaveManifest(layout, kManifest).ok());
  EXPECT_EQ(LoadManifest(layout).value(), kManifest);
  std::ofstream(layout.ManifestFile()) << "nonsense";
  EXPECT_FALSE(LoadManifest(layout).value().has_value());
  EXPECT_TRUE(std::filesystem::exists(layout.QuarantineFolder() + "/MANIFEST.quarantine"));
}

}  // namespace
}  // namespace spandrel::columnar
