// SPDX-License-Identifier: Apache-2.0
#include "columnar/compaction/group_mapping.h"

namespace spandrel::columnar {

DictionaryMapping::DictionaryMapping(const Dictionary& from, DictionaryBuilder& to)
    : from_(from),
      to_(to),
      shared_(SharedChunk(from)),
      scopes_(from.scopes.size(), HashIndex::kAbsent),
      names_(from.names.size(), HashIndex::kAbsent) {}

uint32_t DictionaryMapping::Scope(uint32_t scope) {
  uint32_t& id = scopes_[scope];
  if (id == HashIndex::kAbsent) id = to_.AddScope(shared_, scope);
  return id;
}

uint32_t DictionaryMapping::Name(uint32_t name) {
  uint32_t& id = names_[name];
  if (id == HashIndex::kAbsent) id = to_.AddName(from_.NameAt(name));
  return id;
}

uint32_t DictionaryMapping::Service(uint32_t resource) {
  return to_.AddService(shared_, resource);
}

}  // namespace spandrel::columnar
