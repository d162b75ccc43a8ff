// SPDX-License-Identifier: Apache-2.0
#include "sdk/export/request_encoder.h"

#include <algorithm>
#include <utility>

#include "proto/otlp.h"
#include "proto/raw_writer.h"
#include "sdk/encoding/any_value.h"

namespace spandrel::sdk {
namespace {

using proto::LengthFieldSize;
using proto::LengthTag;
using proto::WriteLengthField;
using proto::WriteLengthHead;
using proto::WriteRaw;

namespace otlp = proto::otlp;

constexpr char kResourceSpansTag = LengthTag(otlp::kRequestResourceSpans);
constexpr char kScopeSpansTag = LengthTag(otlp::kResourceSpansScopeSpans);
constexpr char kSchemaUrlTag = LengthTag(otlp::kScopeSpansSchemaUrl);

using BlockIterator = SpanBuffer::Blocks::const_iterator;

BlockIterator EndOfScope(BlockIterator first, BlockIterator end) {
  const ScopePtr& scope = (*first)->scope;
  return std::find_if(first, end, [&scope](const auto& block) { return block->scope != scope; });
}

size_t SchemaUrlSize(const Scope& scope) {
  return scope.schema_url().empty() ? 0 : LengthFieldSize(scope.schema_url().size());
}

size_t ScopeSpansSize(BlockIterator first, BlockIterator end) {
  const Scope& scope = *(*first)->scope;
  size_t size = scope.head().size() + SchemaUrlSize(scope);
  for (auto block = first; block != end; ++block) size += (*block)->size;
  return size;
}

char* WriteScopeSpans(char* out, BlockIterator first, BlockIterator end) {
  const Scope& scope = *(*first)->scope;
  out = WriteLengthHead(out, kScopeSpansTag, ScopeSpansSize(first, end));
  out = WriteRaw(out, scope.head());
  for (auto block = first; block != end; ++block) {
    out = WriteRaw(out, {(*block)->bytes.get(), (*block)->size});
  }
  if (scope.schema_url().empty()) return out;
  return WriteLengthField(out, kSchemaUrlTag, scope.schema_url());
}

}  // namespace

std::string EncodeScope(std::string_view name, std::string_view version,
                        std::string_view attributes) {
  std::string content;
  if (!name.empty()) AppendLengthField(content, LengthTag(otlp::kScopeName), name);
  if (!version.empty()) AppendLengthField(content, LengthTag(otlp::kScopeVersion), version);
  content.append(attributes);
  std::string scope;
  AppendLengthField(scope, LengthTag(otlp::kScopeSpansScope), content);
  return scope;
}

std::vector<SpanBuffer::Blocks> CutIntoRequests(SpanBuffer::Blocks blocks,
                                                const ExportOptions& options) {
  std::vector<SpanBuffer::Blocks> requests;
  size_t bytes = 0;
  size_t spans = 0;
  for (auto& block : blocks) {
    const size_t block_bytes = block->size + block->scope->text().size();
    const bool too_large = bytes + block_bytes > options.max_request_bytes;
    const bool too_many =
        options.max_request_spans != 0 && spans + block->spans > options.max_request_spans;
    if (requests.empty() || too_large || too_many) {
      requests.emplace_back();
      bytes = spans = 0;
    }
    bytes += block_bytes;
    spans += block->spans;
    requests.back().push_back(std::move(block));
  }
  return requests;
}

std::string EncodeRequest(std::string_view resource, SpanBuffer::Blocks& blocks) {
  std::stable_sort(blocks.begin(), blocks.end(), [](const auto& a, const auto& b) {
    return a->scope->number() < b->scope->number();
  });
  size_t size = resource.size();
  for (auto first = blocks.cbegin(); first != blocks.cend();) {
    const auto end = EndOfScope(first, blocks.cend());
    size += LengthFieldSize(ScopeSpansSize(first, end));
    first = end;
  }
  std::string request(LengthFieldSize(size), '\0');
  char* out = WriteLengthHead(request.data(), kResourceSpansTag, size);
  out = WriteRaw(out, resource);
  for (auto first = blocks.cbegin(); first != blocks.cend();) {
    const auto end = EndOfScope(first, blocks.cend());
    out = WriteScopeSpans(out, first, end);
    first = end;
  }
  return request;
}

}  // namespace spandrel::sdk
