// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "config/decode.h"

namespace spandrel::config {

// The id of another part of a configuration, and where it is written: whether there is such a part
// only shows when all of it is read.
struct Reference {
  std::string id = {};  // empty: none
  Location where = {};
  std::string path = {};  // "exporters::otlp::auth::authenticator"
};

// The id under `key`; none when it is absent or null.
inline Reference ReadReference(Decoder& decoder, std::string_view key) {
  Reference reference{"", decoder.WhereOf(key), decoder.PathOf(key)};
  decoder.Read(key, &reference.id);
  return reference;
}

}  // namespace spandrel::config
