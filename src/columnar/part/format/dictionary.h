// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "columnar/hash/hash_index.h"
#include "span/span_view.h"

namespace spandrel::columnar {

// A service does something: one distinct (service, span name, kind) of a part.
struct OperationRecord {
  uint32_t resource = 0;  // one of those with that service name
  uint32_t name = 0;
  uint32_t kind = 0;
  friend bool operator==(const OperationRecord&, const OperationRecord&) = default;
};

// What the spans of a part share, each distinct one once: resources, scopes (each with its
// resource), names, operations. Immutable.
struct Dictionary {
  base::SharedBytes buffer;
  std::vector<span::ResourceEntry> resources;  // ranges in buffer
  std::vector<span::ScopeEntry> scopes;
  std::vector<base::ByteRange> names;
  std::vector<OperationRecord> operations;

  std::string_view NameAt(uint32_t name) const { return names[name].In(*buffer); }
  std::string_view ServiceAt(uint32_t resource) const {
    return resources[resource].service_name.In(*buffer);
  }
  size_t byte_size() const {
    return buffer->size() + resources.size() * sizeof(span::ResourceEntry) +
           scopes.size() * sizeof(span::ScopeEntry) + names.size() * sizeof(base::ByteRange) +
           operations.size() * sizeof(OperationRecord);
  }
};

// The resources and scopes as a chunk without spans; names are ranges in the same buffer.
span::SpanChunk SharedChunk(const Dictionary& dictionary);

std::string EncodeDictionary(const Dictionary& dictionary);
// DATA_LOSS when the bytes are not a dictionary.
base::Result<Dictionary> ParseDictionary(std::string_view bytes);

// Collects the dictionary of a part that is being written.
class DictionaryBuilder {
 public:
  DictionaryBuilder();

  // The id of a chunk's scope together with its resource.
  uint32_t AddScope(const span::SpanChunk& chunk, uint32_t scope);
  uint32_t AddName(std::string_view name);
  // The id of a resource of a chunk that stands for its service.
  uint32_t AddService(const span::SpanChunk& chunk, uint32_t resource) {
    return service_of_resource_[AddResource(chunk, chunk.resources[resource])];
  }
  // Notes that spans of this scope, name and kind are there.
  void AddOperation(uint32_t scope, uint32_t name, span::SpanKind kind);

  // The first resource that has the service name of a scope's resource.
  uint32_t ServiceOf(uint32_t scope) const {
    return service_of_resource_[dictionary_.scopes[scope].resource];
  }

  Dictionary Finish() &&;

 private:
  uint32_t AddResource(const span::SpanChunk& chunk, const span::ResourceEntry& resource);
  base::ByteRange Keep(std::string_view bytes);
  uint64_t Hash(std::string_view bytes) const;

  const uint64_t seed_;
  std::string buffer_;
  Dictionary dictionary_;
  std::unordered_map<std::string, uint32_t> resource_ids_;  // all its bytes -> id
  std::unordered_map<std::string, uint32_t> scope_ids_;
  std::unordered_map<std::string, uint32_t> service_ids_;  // name -> first resource
  std::vector<uint32_t> service_of_resource_;
  HashIndex name_index_;
  HashIndex operation_index_;
};

}  // namespace spandrel::columnar
