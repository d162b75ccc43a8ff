// SPDX-License-Identifier: Apache-2.0
#include "journal/log_replay.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/log.h"
#include "disk/directory.h"
#include "disk/file.h"
#include "journal/log_mending.h"
#include "journal/log_record.h"

namespace spandrel::journal {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

// Keeps a copy of damaged bytes, or a word on what is missing, for whoever wants to look at it, and
// for later starts, which so know that something is lost. Its name tells the place, so a second
// recovery finds it done. Best effort: a full disk must not keep a log from being read.
void KeepDamage(const LogPaths& paths, uint64_t number, std::string_view place,
                std::string_view bytes) {
  const std::string path =
      fmt::format("{}/{:010}.log.{}.quarantine", paths.quarantine, number, place);
  Result<disk::File> file = disk::File::Create(path);
  if (!file.ok()) {
    if (file.status().code() != StatusCode::kAlreadyExists) {
      base::LogWarn("cannot keep damaged log bytes: {}", file.status().message());
    }
    return;
  }
  Status written = file->WriteAt(bytes, 0);
  if (written.ok()) written = file->SyncAll();
  if (!written.ok()) base::LogWarn("cannot keep damaged log bytes: {}", written.message());
}

class Replayer {
 public:
  Replayer(const LogPaths& paths, uint64_t released_through, const LogRecordVisitor& visit)
      : paths_(paths), visit_(visit) {
    result_.last_sequence = released_through;
  }

  Status ReadFile(const disk::NumberedFile& entry) {
    const Result<LogFileBytesPtr> file = LogFileBytes::Open(entry.path);
    if (!file.ok()) return GiveUp(entry, file.status());
    const std::string_view bytes = (*file)->bytes();
    (*file)->Populate();
    if (const auto flip = FindFlipInFileHeader(bytes)) (void)WriteBack(entry.path, *flip);
    LogScanner scanner(bytes);
    const uint32_t version = scanner.version();
    if (version < kLogVersionWithoutKeys || version > kLogVersion) {
      return {
          StatusCode::kFailedPrecondition,
          fmt::format("{}: format version {} is not known to this spandrel", entry.path, version)};
    }
    result_.files.push_back({entry.number, entry.path, 0, bytes.size()});
    LogScanner::Step step = scanner.Next();
    if (const auto before = scanner.AcknowledgedBefore(step)) NoteMissing(entry, *before);
    while (true) {
      if (MendAt(entry, step, bytes, scanner.epoch())) {
        scanner.GoBackTo(step);
      } else if (step.outcome == LogScanner::Outcome::kEnd) {
        break;
      } else {
        Take(entry, step, *file);
      }
      step = scanner.Next();
    }
    const bool has_torn_tail = scanner.HasTornTail();
    (*file)->ReleasePages();
    if ((*file)->failed()) {
      KeepUnreadable(entry, (*file)->CountUnreadable());
    } else if (has_torn_tail) {
      CutTail(entry.path, step.offset);
    }
    return {};
  }

  LogReplay TakeResult() { return std::move(result_); }

 private:
  // A file that cannot be opened now may be in order, so its records are not given up: a start
  // fails, and only who merely looks goes on.
  Status GiveUp(const disk::NumberedFile& entry, const Status& why) {
    base::LogError("log file cannot be opened: {}", why.message());
    if (!paths_.read_only) return why;
    result_.damage.push_back({entry.path, why.message()});
    return {};
  }

  // Turns back the bit that is wrong where a record should be, if it is only one. A body at the end
  // may be of a write that was cut off, which nobody was promised: it is not mended, but it is
  // told.
  bool MendAt(const disk::NumberedFile& entry, const LogScanner::Step& step, std::string_view bytes,
              std::optional<uint64_t> epoch) {
    if (step.outcome == LogScanner::Outcome::kRecord || !epoch) return false;
    const std::optional<RecordFlip> flip = FindFlipInRecord(bytes, step.offset, *epoch);
    if (!flip) return false;
    if (!flip->is_in_body || step.outcome == LogScanner::Outcome::kDamage) {
      // The map shows what was written.
      return WriteBack(entry.path, flip->byte) && bytes[flip->byte.offset] == flip->byte.right;
    }
    const std::string_view tail = bytes.substr(step.offset);
    NoteDamage(entry, step.offset, tail.substr(0, tail.find_last_not_of('\0') + 1));
    return false;
  }

  // False when the file stays as it is.
  bool WriteBack(const std::string& path, const WrongByte& wrong) {
    if (paths_.read_only) return false;
    Result<disk::File> file = disk::File::OpenToWrite(path);
    Status written = file.ok() ? file->WriteAt({&wrong.right, 1}, wrong.offset) : file.status();
    if (written.ok()) written = file->SyncData();
    if (!written.ok()) {
      base::LogWarn("a wrong bit is not turned back: {}", written.message());
      return false;
    }
    base::LogWarn("{}: a wrong bit at {} was turned back", path, wrong.offset);
    ++result_.mended_bits;
    return true;
  }

  // The file stays reachable in quarantine when its records are released.
  void KeepUnreadable(const disk::NumberedFile& entry, uint64_t unreadable) {
    ++result_.damaged_places;
    result_.damaged_bytes += unreadable;
    base::LogError("{}: {} bytes cannot be read", entry.path, unreadable);
    result_.damage.push_back({entry.path, fmt::format("{} bytes cannot be read", unreadable)});
    if (paths_.read_only) return;
    const std::string kept =
        fmt::format("{}/{:010}.log.unreadable.quarantine", paths_.quarantine, entry.number);
    if (::link(entry.path.c_str(), kept.c_str()) != 0 && errno != EEXIST) {
      base::LogWarn("cannot keep it: {}", disk::DiskError(kept, errno).message());
    }
  }

  void Take(const disk::NumberedFile& entry, const LogScanner::Step& step,
            const LogFileBytesPtr& bytes) {
    if (step.outcome == LogScanner::Outcome::kDamage) {
      return NoteDamage(entry, step.offset, bytes->bytes().substr(step.offset, step.size));
    }
    ClosedLogFile& file = result_.files.back();
    file.last_sequence = std::max(file.last_sequence, step.sequence);
    // A record that was written to a second file after the first one failed comes twice.
    if (step.sequence <= last_read_) return;
    last_read_ = step.sequence;
    result_.last_sequence = std::max(result_.last_sequence, step.sequence);
    visit_(step.sequence, {bytes, step.offset + kLogRecordHeaderSize,
                           static_cast<uint32_t>(step.body.size()), step.body_crc, step.key_room});
  }

  void NoteDamage(const disk::NumberedFile& entry, uint64_t offset, std::string_view bytes) {
    ++result_.damaged_places;
    result_.damaged_bytes += bytes.size();
    base::LogError("{}: {} damaged bytes at {} skipped", entry.path, bytes.size(), offset);
    result_.damage.push_back(
        {entry.path, fmt::format("{} damaged bytes at {}", bytes.size(), offset)});
    if (!paths_.read_only) KeepDamage(paths_, entry.number, std::to_string(offset), bytes);
  }

  void NoteMissing(const disk::NumberedFile& entry, uint64_t acknowledged) {
    if (acknowledged <= result_.last_sequence) return;
    const uint64_t missing = acknowledged - result_.last_sequence;
    result_.missing_records += missing;
    base::LogError("{}: {} acknowledged records before it are missing", entry.path, missing);
    const std::string what = fmt::format("{} records before it are missing", missing);
    result_.damage.push_back({entry.path, what});
    if (!paths_.read_only) KeepDamage(paths_, entry.number, "missing", what);
  }

  void CutTail(const std::string& path, uint64_t size) {
    ++result_.torn_tails;
    if (paths_.read_only) return;
    base::LogInfo("{}: torn write at {} cut off", path, size);
    if (::truncate(path.c_str(), static_cast<off_t>(size)) != 0) {
      base::LogWarn("cannot cut off: {}", disk::DiskError(path, errno).message());
    }
  }

  const LogPaths& paths_;
  const LogRecordVisitor& visit_;
  uint64_t last_read_ = 0;
  LogReplay result_;
};

}  // namespace

Result<LogReplay> ReplayLog(const LogPaths& paths, uint64_t released_through,
                            const LogRecordVisitor& visit) {
  Result<std::vector<disk::NumberedFile>> files = disk::ListNumberedFiles(paths.folder, "log");
  if (!files.ok()) return files.status();
  Replayer replayer(paths, released_through, visit);
  for (const disk::NumberedFile& file : *files) SPANDREL_RETURN_IF_ERROR(replayer.ReadFile(file));
  return replayer.TakeResult();
}

}  // namespace spandrel::journal
