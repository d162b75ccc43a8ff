// SPDX-License-Identifier: Apache-2.0
#include "base/check.h"
#include "base/crc32c.h"
#include "base/fixed.h"
#include "columnar/manifest/manifest.h"

// Whatever parses encodes to what parses to the same. The input gets a right checksum.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace spandrel;
  using namespace spandrel::columnar;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  (void)ParseManifest(bytes).ok();
  base::AppendFixed(spandrel::base::Crc32c(bytes), &bytes);
  const auto manifest = ParseManifest(bytes);
  if (manifest.ok()) SPANDREL_CHECK(ParseManifest(EncodeManifest(*manifest)).value() == *manifest);
  return 0;
}
