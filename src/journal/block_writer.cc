// SPDX-License-Identifier: Apache-2.0
#include "journal/block_writer.h"

#include <algorithm>
#include <cstring>

namespace spandrel::journal {
namespace {

using base::Status;

constexpr size_t kBufferBytes = size_t{1} << 20;

uint64_t BlockBegin(uint64_t offset) {
  return offset - offset % BlockWriter::kBlockBytes;
}

}  // namespace

void BlockWriter::Begin(disk::File* file, uint64_t end, uint64_t size, bool past_cache) {
  file_ = file;
  is_direct_ = false;
  if (!past_cache || size % kBlockBytes != 0) return;
  auto tail = file->ReadAt(BlockBegin(end), end - BlockBegin(end));
  if (!tail.ok() || tail->size() != end - BlockBegin(end) || !file->SetDirect()) return;
  tail_ = std::move(*tail);
  is_direct_ = true;
}

Status BlockWriter::Write(std::vector<iovec>* parts, uint64_t offset, uint64_t keep_end) {
  return is_direct_ ? WriteBlocks(*parts, offset, keep_end) : file_->WriteAt(parts, offset);
}

Status BlockWriter::WriteBlocks(const std::vector<iovec>& parts, uint64_t offset,
                                uint64_t keep_end) {
  if (!buffer_) buffer_.reset(static_cast<char*>(std::aligned_alloc(kBlockBytes, kBufferBytes)));
  buffer_at_ = BlockBegin(offset);
  std::memcpy(buffer_.get(), tail_.data(), tail_.size());
  size_t filled = tail_.size();
  for (const iovec& part : parts) {
    std::string_view left(static_cast<const char*>(part.iov_base), part.iov_len);
    while (!left.empty()) {
      const std::string_view piece = left.substr(0, kBufferBytes - filled);
      std::memcpy(buffer_.get() + filled, piece.data(), piece.size());
      filled += piece.size();
      left.remove_prefix(piece.size());
      if (filled < kBufferBytes) continue;
      SPANDREL_RETURN_IF_ERROR(Flush(filled, keep_end));
      filled = 0;
    }
  }
  return filled == 0 ? Status() : Flush(filled, keep_end);
}

Status BlockWriter::Flush(size_t filled, uint64_t keep_end) {
  const size_t size = (filled + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
  std::memset(buffer_.get() + filled, 0, size - filled);
  SPANDREL_RETURN_IF_ERROR(file_->WriteAt({buffer_.get(), size}, buffer_at_));
  const uint64_t tail_begin = BlockBegin(keep_end);
  if (tail_begin >= buffer_at_ && tail_begin < buffer_at_ + size) {
    tail_.assign(buffer_.get() + (tail_begin - buffer_at_), keep_end - tail_begin);
  }
  buffer_at_ += size;
  return {};
}

}  // namespace spandrel::journal
