// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

#include "base/status.h"
#include "storage/predicate.h"

// The conditions on tags that the page and Jaeger's APIs carry, as predicates.
//
// A tag is looked for in span, scope, resource, event and link attributes and compared as text.
// Some keys mean more, as they do in Jaeger:
//   error               true: the status is error; false: it is not
//   span.status         unset, ok, error
//   span.kind           server, client, ... in any case
//   scope.name, scope.version
//   resource.KEY        KEY in resource attributes only
namespace spandrel::query {

inline constexpr size_t kMaxTagsBytes = 16 << 10;
inline constexpr size_t kMaxTagConditions = 100;

// `key=value` of a Jaeger tag map.
storage::Predicate TagEquals(std::string_view key, std::string_view value);

// Reads the language of docs/formats/ui-api.md: conditions in logfmt, all of which must hold. Keys
// and values may be quoted, with backslash escapes. INVALID_ARGUMENT says what is wrong and at
// which byte, counted from 1.
base::Result<storage::Predicate> ParseTags(std::string_view text);

}  // namespace spandrel::query
