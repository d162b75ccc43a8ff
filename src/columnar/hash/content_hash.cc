// SPDX-License-Identifier: Apache-2.0
#include "columnar/hash/content_hash.h"

// Inlined: the texts that are hashed are short.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace spandrel::columnar {
namespace {

uint64_t Chain(std::string_view bytes, uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed + bytes.size());
}

uint64_t ScopeHash(const span::SpanChunk& chunk, const span::ScopeEntry& scope) {
  const std::string_view buffer = chunk.bytes();
  const span::ResourceEntry& resource = chunk.resources[scope.resource];
  uint64_t hash = Chain(resource.message.In(buffer), resource.present ? 1 : 0);
  hash = Chain(resource.schema_url.In(buffer), hash);
  hash = Chain(scope.message.In(buffer), hash + (scope.present ? 1 : 0));
  return Chain(scope.schema_url.In(buffer), hash);
}

}  // namespace

ContentHasher::ContentHasher(const span::SpanChunk& chunk) : chunk_(chunk) {
  scope_hashes_.reserve(chunk.scopes.size());
  for (const span::ScopeEntry& scope : chunk.scopes) {
    scope_hashes_.push_back(ScopeHash(chunk, scope));
  }
}

uint64_t ContentHasher::Of(const span::SpanEntry& entry) const {
  return Chain(entry.message.In(chunk_.bytes()), scope_hashes_[entry.scope]);
}

uint64_t ContentHashOf(const span::SpanChunk& shared, uint32_t scope, std::string_view message) {
  return Chain(message, ScopeHash(shared, shared.scopes[scope]));
}

uint64_t TraceIdHash(const span::TraceId& id) {
  return XXH3_64bits(id.bytes.data(), id.bytes.size());
}

}  // namespace spandrel::columnar
