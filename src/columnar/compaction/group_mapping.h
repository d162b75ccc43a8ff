// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "columnar/part/format/dictionary.h"

namespace spandrel::columnar {

// What the scopes, names and resources of one part's dictionary are called in that of a part which
// is being written. Ids are given as they are asked for. One thread.
class DictionaryMapping {
 public:
  // Both must live as long as the mapping.
  DictionaryMapping(const Dictionary& from, DictionaryBuilder& to);

  uint32_t Scope(uint32_t scope);
  uint32_t Name(uint32_t name);
  // Of a resource that stands for its service: one of the same service.
  uint32_t Service(uint32_t resource);

 private:
  const Dictionary& from_;
  DictionaryBuilder& to_;
  const span::SpanChunk shared_;
  std::vector<uint32_t> scopes_;
  std::vector<uint32_t> names_;
};

}  // namespace spandrel::columnar
