// SPDX-License-Identifier: Apache-2.0
// A spool directory with three files: one that is the input, one whose head a good writer made
// around it, and that one with some bytes changed.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/log.h"
#include "base/testing/fuzz_input.h"
#include "base/testing/memory_directory.h"
#include "sdk/export/spool.h"

namespace spandrel::sdk {
namespace {

namespace fs = std::filesystem;

constexpr size_t kSpoolBytes = 1 << 20;

class Directory {
 public:
  const std::string& path() const { return root_.path(); }
  void Put(const std::string& name, std::string_view bytes) const {
    std::ofstream(path() + "/" + name, std::ios::binary) << bytes;
  }
  std::string TakeOnlyFile() const {
    std::string bytes;
    for (const auto& entry : fs::directory_iterator(path())) {
      if (entry.path().extension() != ".otlp") continue;
      std::ifstream file(entry.path(), std::ios::binary);
      bytes.assign(std::istreambuf_iterator<char>(file), {});
      fs::remove(entry.path());
    }
    return bytes;
  }

 private:
  base::MemoryDirectory root_;
};

// The file that a spool makes of a request.
std::string FileOf(std::string_view request, uint32_t spans) {
  static const Directory directory;
  Spool spool(directory.path(), kSpoolBytes);
  SPANDREL_CHECK(spool.Write(request, spans));
  return directory.TakeOnlyFile();
}

// What is read back is what a writer wrote, all else is removed and counted.
void CheckSpool(const Directory& directory, std::string_view raw, std::string_view made,
                std::string_view damaged) {
  directory.Put("1.otlp", raw);
  directory.Put("2.otlp", made);
  directory.Put("3.otlp", damaged);
  directory.Put("4.tmp", made);
  Spool spool(directory.path(), kSpoolBytes);
  SPANDREL_CHECK(spool.bytes() == raw.size() + made.size() + damaged.size());
  uint64_t entries = 0;
  bool is_made_found = false;
  for (auto entry = spool.Oldest(); entry; entry = spool.Oldest(), ++entries) {
    const std::string_view file = entry->name == "1.otlp"   ? raw
                                  : entry->name == "2.otlp" ? made
                                                            : damaged;
    SPANDREL_CHECK(FileOf(entry->request, entry->spans) == file);
    is_made_found = is_made_found || entry->name == "2.otlp";
    spool.Remove(entry->name);
  }
  SPANDREL_CHECK(is_made_found);
  SPANDREL_CHECK(entries + spool.corrupt_files() == 3);
  SPANDREL_CHECK(spool.bytes() == 0 && directory.TakeOnlyFile().empty());
}

}  // namespace
}  // namespace spandrel::sdk

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace spandrel;
  static const bool quiet = (base::SetLogLevel(base::LogLevel::kOff), true);
  if (!quiet) return 0;
  static const sdk::Directory directory;
  const std::string_view raw(reinterpret_cast<const char*>(data), size);
  base::FuzzInput input(data, size);
  const auto spans = static_cast<uint32_t>(input.Number());
  const std::string made = sdk::FileOf(raw, spans);
  std::string damaged = made;
  input.Damage(&damaged);
  sdk::CheckSpool(directory, raw, made, damaged);
  return 0;
}
