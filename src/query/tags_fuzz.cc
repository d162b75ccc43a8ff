// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "query/tags.h"
#include "storage/predicate.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto predicate = spandrel::query::ParseTags(text);
  if (predicate.ok()) SPANDREL_CHECK(spandrel::storage::ValidatePredicate(*predicate).ok());
  return 0;
}
