// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "base/check.h"
#include "base/crc32c.h"
#include "base/testing/fuzz_input.h"
#include "journal/log_record.h"

namespace {

using namespace spandrel;
using namespace spandrel::journal;

constexpr uint64_t kEpoch = 42;

// The scanner ends, stays inside the file, and never goes back. The payloads of good records.
std::vector<std::string> Scan(std::string_view bytes) {
  const std::vector<char> exact(bytes.begin(), bytes.end());
  const std::string_view file(exact.data(), exact.size());
  LogScanner scanner(file);
  std::vector<std::string> records;
  uint64_t at = 0;
  for (auto step = scanner.Next(); step.outcome != LogScanner::Outcome::kEnd;
       step = scanner.Next()) {
    SPANDREL_CHECK(step.offset >= at && step.offset < file.size());
    at = step.offset + 1;
    if (step.outcome == LogScanner::Outcome::kRecord) {
      records.emplace_back(step.body.substr(step.key_room));
    }
    SPANDREL_CHECK(step.key_room <= step.body.size());
    if (step.body.empty()) continue;
    SPANDREL_CHECK(step.body.data() >= file.data());
    SPANDREL_CHECK(step.body.data() + step.body.size() <= file.data() + file.size());
  }
  (void)scanner.HasTornTail();
  return records;
}

// A log as the writer makes it; payloads may look like records themselves, some have a key.
std::string WriteLog(base::FuzzInput input, std::vector<std::string>* payloads) {
  const auto header = EncodeLogFileHeader(kEpoch, input.Byte() % 2 == 0);
  std::string file(header.begin(), header.end());
  for (uint64_t sequence = 1; !input.empty(); ++sequence) {
    const uint8_t choice = input.Byte();
    std::string payload(input.Text());
    if (choice % 4 == 0) payload = file + payload;
    const bool has_key = choice % 8 == 2;
    const std::string key = has_key ? std::string("\3key") : std::string();
    const std::string body = key + payload;
    if (file.size() + body.size() > 1 << 16) break;
    const auto record = EncodeLogRecordHeader(choice % 8 == 1 ? kEpoch + 1 : kEpoch, sequence,
                                              static_cast<uint32_t>(body.size()),
                                              spandrel::base::Crc32c(body), has_key);
    file.append(record.begin(), record.end()).append(body);
    file.resize((file.size() + kLogAlignment - 1) / kLogAlignment * kLogAlignment);
    if (choice % 8 != 1) payloads->push_back(std::move(payload));
  }
  return file;
}

}  // namespace

// The input is taken as a file, as payloads that must all be found, and as such a file with damage.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Scan({reinterpret_cast<const char*>(data), size});
  base::FuzzInput input(data, size);
  base::FuzzInput damage = input;
  std::string skipped(16, '\0');
  input.Damage(&skipped);
  std::vector<std::string> payloads;
  std::string file = WriteLog(input, &payloads);
  SPANDREL_CHECK(Scan(file) == payloads);
  damage.Damage(&file);
  Scan(file);
  return 0;
}
