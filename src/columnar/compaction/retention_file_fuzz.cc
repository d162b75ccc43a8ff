// SPDX-License-Identifier: Apache-2.0
// The file `retention-clock`: any bytes, and one that was written with some bytes changed. A time
// is read only out of what is written for that time.
#include <fstream>
#include <iterator>
#include <string>

#include "base/check.h"
#include "base/log.h"
#include "base/testing/fuzz_input.h"
#include "base/testing/memory_directory.h"
#include "columnar/compaction/retention_file.h"

namespace spandrel::columnar {
namespace {

struct Folder {
  std::string FilePath() const { return layout.root + "/retention-clock"; }
  std::string Read() const {
    std::ifstream file(FilePath(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void Write(std::string_view bytes) const { std::ofstream(FilePath(), std::ios::binary) << bytes; }

  base::MemoryDirectory root;
  StoreLayout layout{root.path()};
};

void CheckFile(const Folder& folder, std::string_view bytes) {
  folder.Write(bytes);
  const uint64_t unix_nano = LoadRetentionClock(folder.layout);
  if (unix_nano == 0) return;
  SPANDREL_CHECK(SaveRetentionClock(folder.layout, unix_nano).ok());
  SPANDREL_CHECK(bytes.starts_with(folder.Read()));
}

}  // namespace
}  // namespace spandrel::columnar

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace spandrel;
  using namespace spandrel::columnar;
  static const bool quiet = (base::SetLogLevel(base::LogLevel::kOff), true);
  if (!quiet) return 0;
  static const Folder folder;
  CheckFile(folder, {reinterpret_cast<const char*>(data), size});
  base::FuzzInput input(data, size);
  const uint64_t unix_nano = input.Number();
  SPANDREL_CHECK(SaveRetentionClock(folder.layout, unix_nano).ok());
  SPANDREL_CHECK(LoadRetentionClock(folder.layout) == unix_nano);
  std::string damaged = folder.Read();
  input.Damage(&damaged);
  CheckFile(folder, damaged);
  return 0;
}
