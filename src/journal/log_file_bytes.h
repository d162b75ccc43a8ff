// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "disk/file.h"

namespace spandrel::journal {

// The written bytes of a log file that nobody writes any more, mapped: the kernel may drop them
// from memory and read them again. What the disk does not give is zeros, and failed() from then on.
// They stay valid when the file is removed. Any thread.
class LogFileBytes {
 public:
  static base::Result<std::shared_ptr<const LogFileBytes>> Open(const std::string& path);

  const std::string& path() const { return path_; }
  std::string_view bytes() const;
  // To be asked after the bytes were used.
  bool failed() const { return map_ && map_->failed(); }
  // How many of the bytes cannot be read, in whole pages; reads them all.
  uint64_t CountUnreadable() const;
  // All of them will be read now.
  void Populate() const;
  // Takes the pages out of this process's memory; they come back when they are touched.
  void ReleasePages() const;

 private:
  LogFileBytes(std::string path, uint64_t end, std::optional<disk::MappedFile> map)
      : path_(std::move(path)), end_(end), map_(std::move(map)) {}

  const std::string path_;
  const uint64_t end_;
  const std::optional<disk::MappedFile> map_;  // none of an empty file
};

using LogFileBytesPtr = std::shared_ptr<const LogFileBytes>;

// Where the body of a record lies.
struct LogPlace {
  LogFileBytesPtr file;
  uint64_t offset = 0;
  uint32_t size = 0;
  uint32_t crc = 0;
  uint32_t key_room = 0;  // of the body's bytes, how many are in front of the payload

  std::string_view key() const {
    return key_room == 0 ? std::string_view() : body().substr(1, key_room - 1);
  }
  std::string_view payload() const { return body().substr(key_room); }
  // Copies whose checksum was compared: DATA_LOSS when it is not what was written.
  base::Result<std::string> ReadChecked() const;  // the payload
  base::Result<std::string> ReadCheckedKey() const;

 private:
  std::string_view body() const { return file->bytes().substr(offset, size); }
  base::Result<std::string> ReadBody() const;
};

}  // namespace spandrel::journal
