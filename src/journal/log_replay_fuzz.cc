// SPDX-License-Identifier: Apache-2.0
// A log of up to four files: of one epoch each, with records of another, with holes and repeats in
// their sequences, some damaged anywhere. What is handed over was written, comes in order and once,
// and comes again when the log is read again. (Three wrong bits and more may look like one, which
// is turned back in vain; so many records may be others. A stale record counts as written: one in a
// file whose header and live records are gone is taken for live.)
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/crc32c.h"
#include "base/log.h"
#include "base/testing/fuzz_input.h"
#include "base/testing/memory_directory.h"
#include "journal/log_format.h"
#include "journal/log_record.h"
#include "journal/log_replay.h"

namespace spandrel::journal {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostFiles = 4;
constexpr size_t kMostFileBytes = 32 << 10;
// Not to be guessed by an input, as the bodies of a log are not.
constexpr uint64_t kEpoch = 0x9d2c5680f00dcafe;

using Records = std::vector<std::pair<uint64_t, std::string>>;  // sequence, body

// Folders in memory, emptied for each input.
class Folders {
 public:
  Folders() {
    fs::create_directories(paths().folder);
    fs::create_directories(paths().quarantine);
  }

  LogPaths paths(bool read_only = false) const {
    return {root_.path() + "/log", root_.path() + "/quarantine", read_only};
  }
  void Empty() const {
    for (const std::string& folder : {paths().folder, paths().quarantine}) {
      for (const auto& entry : fs::directory_iterator(folder)) fs::remove(entry.path());
    }
  }

 private:
  base::MemoryDirectory root_;
};

// A file of records whose sequences begin behind `*sequence`.
std::string MakeFile(base::FuzzInput& input, uint64_t epoch, uint64_t* sequence, Records* written) {
  const uint8_t head = input.Byte();
  const auto header = EncodeLogFileHeader(epoch, head % 2 == 0, head / 2 % 4);
  std::string file(header.begin(), header.end());
  for (int left = input.Byte() % 8; left > 0 && file.size() < kMostFileBytes; --left) {
    const uint8_t choice = input.Byte();
    const bool has_key = choice % 8 == 1;
    const bool is_stale = choice % 8 == 2;
    *sequence = choice % 8 == 3 ? *sequence - std::min<uint64_t>(*sequence, 2) : *sequence;
    *sequence += choice % 8 == 4 ? 5 : 1;
    const std::string body = (has_key ? "\3key" : "") + std::string(input.Text());
    const auto record =
        EncodeLogRecordHeader(is_stale ? epoch + 1 : epoch, *sequence,
                              static_cast<uint32_t>(body.size()), base::Crc32c(body), has_key);
    file.append(record.begin(), record.end()).append(body);
    file.resize((file.size() + kLogAlignment - 1) / kLogAlignment * kLogAlignment);
    written->emplace_back(*sequence, body);
  }
  return file;
}

Records MakeLog(base::FuzzInput& input, const LogPaths& paths) {
  Records written;
  uint64_t sequence = 0;
  for (uint64_t number = 1; number <= kMostFiles && !input.empty(); ++number) {
    std::string file = MakeFile(input, kEpoch + number * 16, &sequence, &written);
    if (input.Byte() % 2 == 0) input.Damage(&file);
    std::ofstream(paths.File(number), std::ios::binary) << file;
  }
  return written;
}

Records Replay(const LogPaths& paths, uint64_t released_through, uint64_t* mended_bits) {
  Records read;
  const auto replay =
      ReplayLog(paths, released_through, [&read](uint64_t sequence, const LogPlace& place) {
        read.emplace_back(sequence, place.file->bytes().substr(place.offset, place.size));
      });
  if (!replay.ok()) return read;
  SPANDREL_CHECK(read.empty() || replay->last_sequence >= read.back().first);
  *mended_bits += replay->mended_bits;
  return read;
}

void CheckLog(base::FuzzInput input) {
  static const Folders folders;
  folders.Empty();
  const uint64_t released_through = input.Byte() % 8;
  const Records written = MakeLog(input, folders.paths());
  uint64_t mended_bits = 0;
  const Records looked_at = Replay(folders.paths(true), released_through, &mended_bits);
  SPANDREL_CHECK(mended_bits == 0);
  const Records read = Replay(folders.paths(), released_through, &mended_bits);
  uint64_t last = 0;
  uint64_t others = 0;
  for (const auto& record : read) {
    SPANDREL_CHECK(record.first > last);
    others += std::find(written.begin(), written.end(), record) == written.end() ? 1 : 0;
    last = record.first;
  }
  SPANDREL_CHECK(others <= mended_bits);
  const uint64_t mended_before = mended_bits;
  SPANDREL_CHECK(Replay(folders.paths(), released_through, &mended_bits) == read);
  SPANDREL_CHECK(mended_bits == mended_before);
  SPANDREL_CHECK(mended_bits > 0 || looked_at == read);
}

}  // namespace
}  // namespace spandrel::journal

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const bool quiet = (spandrel::base::SetLogLevel(spandrel::base::LogLevel::kOff), true);
  (void)quiet;
  spandrel::journal::CheckLog({data, size});
  return 0;
}
