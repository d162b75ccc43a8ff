// SPDX-License-Identifier: Apache-2.0
#include "columns/zstd_block.h"

#include <zstd.h>

#include <cstring>
#include <memory>

namespace spandrel::columns {
namespace {

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

ZSTD_CCtx* Compressor() {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  return context.get();
}

ZSTD_DCtx* Decompressor() {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  return context.get();
}

}  // namespace

size_t AppendZstdBlock(std::string_view raw, int level, size_t least_gain, std::string* out) {
  const size_t begin = out->size();
  const size_t limit = raw.size() > least_gain ? raw.size() - least_gain : 0;
  out->resize(begin + ZSTD_compressBound(raw.size()));
  const size_t size = ZSTD_compressCCtx(Compressor(), out->data() + begin, out->size() - begin,
                                        raw.data(), raw.size(), level);
  if (ZSTD_isError(size) == 0 && size < limit) {
    out->resize(begin + size);
    return size;
  }
  out->resize(begin);
  out->append(raw);
  return raw.size();
}

bool ReadZstdBlock(std::string_view stored, char* out, size_t raw_size) {
  if (stored.size() > raw_size) return false;
  if (stored.size() == raw_size) {
    if (raw_size > 0) std::memcpy(out, stored.data(), raw_size);
    return true;
  }
  return ZSTD_decompressDCtx(Decompressor(), out, raw_size, stored.data(), stored.size()) ==
         raw_size;
}

}  // namespace spandrel::columns
