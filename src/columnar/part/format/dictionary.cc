// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/format/dictionary.h"

// Inlined: the texts that are hashed are short.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <random>

#include "base/fixed.h"

namespace spandrel::columnar {
namespace {

using base::ByteRange;
using base::Result;
using base::Status;
using base::StatusCode;

uint64_t RandomSeed() {
  std::random_device random;
  return uint64_t{random()} << 32 | random();
}

// A text from which the parts can be told apart again.
void AppendKeyPart(std::string_view part, std::string* key) {
  base::AppendFixed(static_cast<uint32_t>(part.size()), key);
  key->append(part);
}

void AppendRange(ByteRange range, std::string* bytes) {
  base::AppendFixed(range.offset, bytes);
  base::AppendFixed(range.size, bytes);
}

ByteRange TakeRange(base::FixedReader* reader, uint64_t limit) {
  ByteRange range;
  range.offset = reader->Take<uint32_t>();
  range.size = reader->Take<uint32_t>();
  if (uint64_t{range.offset} + range.size > limit) reader->Fail();
  return range;
}

// Takes `count` records of `size` bytes each with `take`.
template <typename T, typename TakeOne>
void TakeAll(base::FixedReader* reader, size_t size, std::vector<T>* out, TakeOne&& take) {
  const auto count = reader->Take<uint32_t>();
  if (!reader->Has(count, size)) return;
  out->reserve(count);
  for (uint32_t i = 0; i < count && reader->ok(); ++i) out->push_back(take());
}

}  // namespace

span::SpanChunk SharedChunk(const Dictionary& dictionary) {
  span::SpanChunk chunk;
  chunk.buffer = dictionary.buffer;
  chunk.resources = dictionary.resources;
  chunk.scopes = dictionary.scopes;
  return chunk;
}

std::string EncodeDictionary(const Dictionary& dictionary) {
  std::string bytes;
  base::AppendFixed(static_cast<uint32_t>(dictionary.buffer->size()), &bytes);
  bytes += *dictionary.buffer;
  base::AppendFixed(static_cast<uint32_t>(dictionary.resources.size()), &bytes);
  for (const span::ResourceEntry& resource : dictionary.resources) {
    base::AppendFixed(uint32_t{resource.present}, &bytes);
    AppendRange(resource.message, &bytes);
    AppendRange(resource.schema_url, &bytes);
    AppendRange(resource.service_name, &bytes);
  }
  base::AppendFixed(static_cast<uint32_t>(dictionary.scopes.size()), &bytes);
  for (const span::ScopeEntry& scope : dictionary.scopes) {
    base::AppendFixed(scope.resource, &bytes);
    base::AppendFixed(uint32_t{scope.present}, &bytes);
    AppendRange(scope.message, &bytes);
    AppendRange(scope.schema_url, &bytes);
  }
  base::AppendFixed(static_cast<uint32_t>(dictionary.names.size()), &bytes);
  for (const ByteRange& name : dictionary.names) AppendRange(name, &bytes);
  base::AppendFixed(static_cast<uint32_t>(dictionary.operations.size()), &bytes);
  for (const OperationRecord& operation : dictionary.operations)
    base::AppendFixed(operation, &bytes);
  return bytes;
}

Result<Dictionary> ParseDictionary(std::string_view bytes) {
  base::FixedReader reader(bytes);
  Dictionary dictionary;
  const auto size = reader.Take<uint32_t>();
  dictionary.buffer = base::MakeSharedBytes(std::string(reader.TakeBytes(size)));
  TakeAll(&reader, 28, &dictionary.resources, [&] {
    span::ResourceEntry resource;
    resource.present = reader.Take<uint32_t>() != 0;
    resource.message = TakeRange(&reader, size);
    resource.schema_url = TakeRange(&reader, size);
    resource.service_name = TakeRange(&reader, size);
    return resource;
  });
  TakeAll(&reader, 24, &dictionary.scopes, [&] {
    span::ScopeEntry scope;
    scope.resource = reader.Take<uint32_t>();
    scope.present = reader.Take<uint32_t>() != 0;
    scope.message = TakeRange(&reader, size);
    scope.schema_url = TakeRange(&reader, size);
    if (scope.resource >= dictionary.resources.size()) reader.Fail();
    return scope;
  });
  TakeAll(&reader, 8, &dictionary.names, [&] { return TakeRange(&reader, size); });
  TakeAll(&reader, sizeof(OperationRecord), &dictionary.operations, [&] {
    const auto operation = reader.Take<OperationRecord>();
    if (operation.resource >= dictionary.resources.size() ||
        operation.name >= dictionary.names.size()) {
      reader.Fail();
    }
    return operation;
  });
  if (!reader.done()) return Status(StatusCode::kDataLoss, "dictionary cannot be read");
  return dictionary;
}

DictionaryBuilder::DictionaryBuilder() : seed_(RandomSeed()) {}

uint32_t DictionaryBuilder::AddScope(const span::SpanChunk& chunk, uint32_t scope_index) {
  const std::string_view bytes = chunk.bytes();
  const span::ScopeEntry& scope = chunk.scopes[scope_index];
  const uint32_t resource = AddResource(chunk, chunk.resources[scope.resource]);
  std::string key;
  base::AppendFixed(resource, &key);
  base::AppendFixed(scope.present, &key);
  AppendKeyPart(scope.schema_url.In(bytes), &key);
  AppendKeyPart(scope.message.In(bytes), &key);
  const auto next = static_cast<uint32_t>(dictionary_.scopes.size());
  const auto [entry, is_new] = scope_ids_.emplace(std::move(key), next);
  if (is_new) {
    dictionary_.scopes.push_back(
        {resource, Keep(scope.message.In(bytes)), Keep(scope.schema_url.In(bytes)), scope.present});
  }
  return entry->second;
}

uint32_t DictionaryBuilder::AddResource(const span::SpanChunk& chunk,
                                        const span::ResourceEntry& resource) {
  const std::string_view bytes = chunk.bytes();
  const std::string_view service = resource.service_name.In(bytes);
  std::string key;
  base::AppendFixed(resource.present, &key);
  AppendKeyPart(service, &key);
  AppendKeyPart(resource.schema_url.In(bytes), &key);
  AppendKeyPart(resource.message.In(bytes), &key);
  const auto next = static_cast<uint32_t>(dictionary_.resources.size());
  const auto [entry, is_new] = resource_ids_.emplace(std::move(key), next);
  if (!is_new) return entry->second;
  dictionary_.resources.push_back({Keep(resource.message.In(bytes)),
                                   Keep(resource.schema_url.In(bytes)), Keep(service),
                                   resource.present});
  service_of_resource_.push_back(service_ids_.emplace(service, next).first->second);
  return next;
}

uint32_t DictionaryBuilder::AddName(std::string_view name) {
  auto& names = dictionary_.names;
  const uint64_t hash = Hash(name);
  const uint32_t found =
      name_index_.Find(hash, [&](uint32_t at) { return names[at].In(buffer_) == name; });
  if (found != HashIndex::kAbsent) return found;
  const auto next = static_cast<uint32_t>(names.size());
  names.push_back(Keep(name));
  name_index_.Insert(hash, [&](uint32_t at) { return Hash(names[at].In(buffer_)); });
  return next;
}

void DictionaryBuilder::AddOperation(uint32_t scope, uint32_t name, span::SpanKind kind) {
  auto& operations = dictionary_.operations;
  const OperationRecord operation{ServiceOf(scope), name, static_cast<uint32_t>(kind)};
  const auto hash_of = [this](const OperationRecord& o) {
    return Hash({reinterpret_cast<const char*>(&o), sizeof(o)});
  };
  const uint64_t hash = hash_of(operation);
  const auto is_equal = [&](uint32_t at) { return operations[at] == operation; };
  if (operation_index_.Find(hash, is_equal) != HashIndex::kAbsent) return;
  operations.push_back(operation);
  operation_index_.Insert(hash, [&](uint32_t at) { return hash_of(operations[at]); });
}

Dictionary DictionaryBuilder::Finish() && {
  dictionary_.buffer = base::MakeSharedBytes(std::move(buffer_));
  return std::move(dictionary_);
}

ByteRange DictionaryBuilder::Keep(std::string_view bytes) {
  const ByteRange range{static_cast<uint32_t>(buffer_.size()), static_cast<uint32_t>(bytes.size())};
  buffer_ += bytes;
  return range;
}

uint64_t DictionaryBuilder::Hash(std::string_view bytes) const {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed_);
}

}  // namespace spandrel::columnar
