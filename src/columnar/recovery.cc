// SPDX-License-Identifier: Apache-2.0
#include "columnar/recovery.h"

#include <deque>
#include <optional>
#include <string>
#include <thread>

#include "base/log.h"
#include "base/mutex.h"
#include "base/tenant_name.h"
#include "base/thread.h"
#include "columnar/log/log_damage.h"
#include "columnar/log/logged_request.h"
#include "columnar/options/store_layout.h"

namespace spandrel::columnar {
namespace {

using base::Result;

constexpr size_t kMaxDecoded = 16;

struct DecodedRecord {
  StoredSpans* heads = nullptr;
  uint64_t sequence = 0;
  journal::LogPlace place;
  std::shared_ptr<const span::SpanChunk> chunk;
};

// Records on their way from the reading thread to the adding one; the first waits while there are
// kMaxDecoded.
class DecodedRecords {
 public:
  void Put(DecodedRecord record) {
    base::MutexLock lock(mutex_);
    changed_.Wait(lock, [&]() SPANDREL_REQUIRES(mutex_) { return records_.size() < kMaxDecoded; });
    records_.push_back(std::move(record));
    changed_.NotifyAll();
  }
  void End() {
    base::MutexLock lock(mutex_);
    ended_ = true;
    changed_.NotifyAll();
  }
  // All there are; none at the end.
  std::deque<DecodedRecord> Take() {
    base::MutexLock lock(mutex_);
    changed_.Wait(lock, [&]() SPANDREL_REQUIRES(mutex_) { return ended_ || !records_.empty(); });
    changed_.NotifyAll();
    return std::exchange(records_, {});
  }

 private:
  base::Mutex mutex_;
  base::CondVar changed_;
  std::deque<DecodedRecord> records_ SPANDREL_GUARDED_BY(mutex_);
  bool ended_ SPANDREL_GUARDED_BY(mutex_) = false;
};

// The reading thread's work.
class LogReader {
 public:
  LogReader(DecodedRecords& decoded, const HeadsOf& heads_of, LogDamage& damage)
      : decoded_(decoded), heads_of_(heads_of), damage_(damage) {}

  Result<journal::LogReplay> Run(const StoreLayout& layout, uint64_t released_through) {
    const auto take = [this](uint64_t sequence, const journal::LogPlace& place) {
      const base::Status taken = Take(sequence, place);
      if (taken.ok()) return;
      // The disk failed, or another version wrote it, or the writer had a bug: keep going.
      damage_.Count(1, place.size);
      base::LogError("log record {} skipped: {}", sequence, taken.message());
    };
    auto replay = journal::ReplayLog(layout.Log(), released_through, take);
    if (replayed_ > 0) {
      base::LogInfo("{}: replayed {} requests, {} bytes", layout.root, replayed_, replayed_bytes_);
    }
    return replay;
  }

 private:
  base::Status Take(uint64_t sequence, const journal::LogPlace& place) {
    Result<std::string> tenant = TenantAt(place);
    if (!tenant.ok()) return tenant.status();
    if (!tenant->empty() && !base::IsTenantName(*tenant)) {
      return {base::StatusCode::kDataLoss, "it names no tenant"};
    }
    StoredSpans* const heads = heads_of_(*tenant, sequence);
    if (heads == nullptr) return {};
    ++replayed_;
    replayed_bytes_ += place.size;
    Result<wire::DecodedRequest> request = DecodeAt(place);
    if (!request.ok()) return request.status();
    decoded_.Put({heads, sequence, place, std::move(request->chunk)});
    return {};
  }

  // What was copied may hold zeros where the disk failed, though the record was right before.
  static Result<std::string> TenantAt(const journal::LogPlace& place) {
    std::string name(place.key());
    return place.file->failed() ? place.ReadCheckedKey() : Result<std::string>(std::move(name));
  }

  static Result<wire::DecodedRequest> DecodeAt(const journal::LogPlace& place) {
    std::string payload(place.payload());
    if (place.file->failed()) {
      Result<std::string> again = place.ReadChecked();
      if (!again.ok()) return again.status();
      payload = *std::move(again);
    }
    return LoggedRequest::Decode(std::move(payload));
  }

  DecodedRecords& decoded_;
  const HeadsOf& heads_of_;
  LogDamage& damage_;
  uint64_t replayed_ = 0;
  uint64_t replayed_bytes_ = 0;
};

}  // namespace

Result<journal::LogReplay> RecoverLog(const StoreLayout& layout, uint64_t released_through,
                                      const HeadsOf& heads_of, base::MetricRegistry& metrics) {
  LogDamage damage(metrics);
  DecodedRecords decoded;
  std::optional<Result<journal::LogReplay>> found;
  std::thread reader([&] {
    base::NameThisThread("spandrel-replay");
    found = LogReader(decoded, heads_of, damage).Run(layout, released_through);
    decoded.End();
  });
  for (auto records = decoded.Take(); !records.empty(); records = decoded.Take()) {
    for (const DecodedRecord& record : records) {
      record.heads->AddRecovered(record.chunk, record.place, record.sequence);
    }
  }
  reader.join();
  if (!found->ok()) return found->status();
  damage.Count((*found)->damaged_places, (*found)->damaged_bytes);
  damage.CountMended((*found)->mended_bits);
  damage.CountMissing((*found)->missing_records);
  return *std::move(found);
}

}  // namespace spandrel::columnar
