// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/http/parameters.h"
#include "base/status.h"
#include "storage/query_context.h"
#include "storage/reader.h"
#include "traceql/ast.h"

// Names and values that occur, for those who write a query. Parameters as Tempo names them: `q`
// (what is true of all spans that it finds; one that is half written is none), `start`, `end`,
// `limit`. INVALID_ARGUMENT says which one is wrong.
namespace spandrel::api {

// Of one scope, sorted.
struct ScopedNames {
  std::string_view scope;
  std::vector<std::string> names;
};

// Of all scopes that have some, or of the one that `scope` names. Those of intrinsics come when
// they are asked for by name, or with all others.
base::Result<std::vector<ScopedNames>> TempoNames(storage::Reader& reader,
                                                  const storage::QueryContext& context,
                                                  const Parameters& parameters,
                                                  bool with_intrinsics);
// Those of all scopes together, each once.
std::vector<std::string> AllNames(const std::vector<ScopedNames>& scopes);

struct TypedValue {
  std::string_view type;  // string, int, float, bool, keyword
  std::string text;
};

// The few that a field can have, or those that occur; none of what is different in each span.
base::Result<std::vector<TypedValue>> TempoValues(storage::Reader& reader,
                                                  const storage::QueryContext& context,
                                                  const traceql::Field& field,
                                                  const Parameters& parameters);
// A name as a query writes it, else an attribute of that key.
traceql::Field FieldOrAttribute(std::string_view name);

}  // namespace spandrel::api
