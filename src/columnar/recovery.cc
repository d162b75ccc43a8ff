// SPDX-License-Identifier: Apache-2.0
#include "columnar/recovery.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "base/log.h"
#include "base/thread.h"
#include "columnar/log/log_damage.h"
#include "columnar/log/logged_request.h"
#include "columnar/options/store_layout.h"

namespace spandrel::columnar {
namespace {

using base::Result;

constexpr size_t kMaxDecoded = 16;

struct DecodedRecord {
  uint64_t sequence = 0;
  journal::LogPlace place;
  std::shared_ptr<const span::SpanChunk> chunk;
};

// Records on their way from the reading thread to the adding one; the first waits while there are
// kMaxDecoded.
class DecodedRecords {
 public:
  void Put(DecodedRecord record) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return records_.size() < kMaxDecoded; });
    records_.push_back(std::move(record));
    changed_.notify_all();
  }
  void End() {
    std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  // All there are; none at the end.
  std::deque<DecodedRecord> Take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_ || !records_.empty(); });
    changed_.notify_all();
    return std::exchange(records_, {});
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<DecodedRecord> records_;  // guarded by mutex_
  bool ended_ = false;                 // guarded by mutex_
};

// The reading thread's work.
class LogReader {
 public:
  LogReader(DecodedRecords& decoded, LogDamage& damage) : decoded_(decoded), damage_(damage) {}

  Result<journal::LogReplay> Run(const StoreLayout& layout, uint64_t sealed_through) {
    return journal::ReplayLog(
        layout.Log(), sealed_through,
        [this](uint64_t sequence, const journal::LogPlace& place) { Decode(sequence, place); });
  }

 private:
  void Decode(uint64_t sequence, const journal::LogPlace& place) {
    Result<wire::DecodedRequest> request = DecodeAt(place);
    if (request.ok()) return decoded_.Put({sequence, place, std::move(request->chunk)});
    // The disk failed, or another version wrote it, or the writer had a bug: keep going.
    damage_.Count(1, place.size);
    base::LogError("log record {} skipped: {}", sequence, request.status().message());
  }

  static Result<wire::DecodedRequest> DecodeAt(const journal::LogPlace& place) {
    std::string body(place.mapped());
    // Then the copy may hold zeros, though the record was right before.
    if (place.file->failed()) {
      Result<std::string> again = place.ReadChecked();
      if (!again.ok()) return again.status();
      body = *std::move(again);
    }
    return LoggedRequest::Decode(std::move(body));
  }

  DecodedRecords& decoded_;
  LogDamage& damage_;
};

}  // namespace

Result<journal::LogReplay> RecoverLog(const StoreLayout& layout, uint64_t sealed_through,
                                      StoredSpans& stored, base::MetricRegistry& metrics) {
  LogDamage damage(metrics);
  DecodedRecords decoded;
  std::optional<Result<journal::LogReplay>> found;
  std::thread reader([&] {
    base::NameThisThread("spandrel-replay");
    found = LogReader(decoded, damage).Run(layout, sealed_through);
    decoded.End();
  });
  for (auto records = decoded.Take(); !records.empty(); records = decoded.Take()) {
    for (const DecodedRecord& record : records) {
      stored.AddRecovered(record.chunk, record.place, record.sequence);
    }
  }
  reader.join();
  stored.EndRecovery();
  if (!found->ok()) return found->status();
  damage.Count((*found)->damaged_places, (*found)->damaged_bytes);
  damage.CountMissing((*found)->missing_records);
  if ((*found)->replayed_records > 0) {
    base::LogInfo("{}: replayed {} requests, {} bytes", layout.root, (*found)->replayed_records,
                  (*found)->replayed_bytes);
  }
  return *std::move(found);
}

}  // namespace spandrel::columnar
