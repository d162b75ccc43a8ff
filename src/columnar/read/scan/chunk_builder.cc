// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/scan/chunk_builder.h"

#include <algorithm>
#include <utility>

namespace spandrel::columnar {
namespace {

using base::Status;

// A chunk with few spans is reserved in one go, and a large one in steps of an eighth.
constexpr size_t kFirstBytes = 4096;

}  // namespace

Status ChunkBuilder::Add(const span::SpanRef& source, std::string_view message) {
  SPANDREL_RETURN_IF_ERROR(ReserveFor(message.size() + source.name().size()));
  const uint32_t scope = ScopeOf(source);
  span::SpanEntry entry = source.entry();
  entry.scope = scope;
  entry.name = Keep(source.name());
  entry.message = Keep(message);
  chunk_->spans.push_back(entry);
  return {};
}

Status ChunkBuilder::Add(const span::SpanRef& source) {
  return Add(source, source.span().message);
}

// Resources and scopes, which many spans share, are reserved with the next span.
Status ChunkBuilder::ReserveFor(size_t more_bytes) {
  const size_t wanted =
      buffer_.size() + more_bytes + (chunk_->spans.size() + 1) * sizeof(span::SpanEntry);
  if (wanted <= memory_.bytes()) return {};
  const size_t step = std::max(kFirstBytes, wanted / 8);
  if (memory_.bytes() > 0) {
    const bool fits = memory_.TryGrow(wanted + step - memory_.bytes());
    return fits ? Status() : storage::QueryContext::OutOfMemory();
  }
  auto memory = context_.ReserveApart(wanted + step);
  if (!memory.ok()) return memory.status();
  memory_ = *std::move(memory);
  return {};
}

std::shared_ptr<const span::SpanChunk> ChunkBuilder::Finish() {
  chunk_->buffer = base::MakeSharedBytes(std::exchange(buffer_, {}));
  chunk_->reservation = std::exchange(memory_, {});
  resources_.clear();
  scopes_.clear();
  return std::exchange(chunk_, std::make_shared<span::SpanChunk>());
}

uint32_t ChunkBuilder::ResourceOf(const span::SpanRef& source) {
  const span::ResourceEntry& from = source.resource_entry();
  const auto next = static_cast<uint32_t>(chunk_->resources.size());
  const auto [entry, is_new] = resources_.emplace(&from, next);
  if (is_new) {
    chunk_->resources.push_back({Keep(source.resource().message),
                                 Keep(source.resource_schema_url()), Keep(source.service_name()),
                                 from.present});
  }
  return entry->second;
}

uint32_t ChunkBuilder::ScopeOf(const span::SpanRef& source) {
  const span::ScopeEntry& from = source.scope_entry();
  const auto found = scopes_.find(&from);
  if (found != scopes_.end()) return found->second;
  const uint32_t resource = ResourceOf(source);
  const auto next = static_cast<uint32_t>(chunk_->scopes.size());
  chunk_->scopes.push_back(
      {resource, Keep(source.scope().message), Keep(source.scope_schema_url()), from.present});
  return scopes_[&from] = next;
}

base::ByteRange ChunkBuilder::Keep(std::string_view bytes) {
  const base::ByteRange range{static_cast<uint32_t>(buffer_.size()),
                              static_cast<uint32_t>(bytes.size())};
  buffer_ += bytes;
  return range;
}

}  // namespace spandrel::columnar
