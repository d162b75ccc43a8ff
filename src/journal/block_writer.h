// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "disk/file.h"

namespace spandrel::journal {

// Writes to the end of a log file, past the page cache where the file system can: nobody reads a
// log while it is written, and the copy into cold pages costs more than the rest of a write. Such
// writes are of whole blocks, so the last block, which is not full, is written again with what
// comes next; zeros fill it up. One thread.
class BlockWriter {
 public:
  static constexpr size_t kBlockBytes = 4096;

  // From now on writes to `file`, of whose `size` bytes the first `end` must stay. Where it cannot
  // be written `past_cache`, or must not be, it is written as any file.
  void Begin(disk::File* file, uint64_t end, uint64_t size, bool past_cache);

  // Writes `parts`, which it may change, at `offset`. What they have before `keep_end` must stay;
  // the next call writes from there.
  base::Status Write(std::vector<iovec>* parts, uint64_t offset, uint64_t keep_end);

  // Forgets the file, and gives the memory back.
  void End() { *this = BlockWriter(); }

 private:
  struct Free {
    void operator()(char* bytes) const { std::free(bytes); }
  };

  base::Status WriteBlocks(const std::vector<iovec>& parts, uint64_t offset, uint64_t keep_end);
  // Writes what the buffer is filled with.
  base::Status Flush(size_t filled, uint64_t keep_end);

  disk::File* file_ = nullptr;
  bool is_direct_ = false;
  std::unique_ptr<char, Free> buffer_;  // aligned
  uint64_t buffer_at_ = 0;              // in the file; a multiple of a block
  std::string tail_;                    // what must stay of the block that is not full
};

}  // namespace spandrel::journal
