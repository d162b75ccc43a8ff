// SPDX-License-Identifier: Apache-2.0
#include "api/tempo/tempo_names.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "api/tempo/tempo_parameters.h"
#include "query/traceql/lower.h"
#include "query/traceql/plan.h"
#include "traceql/parse.h"
#include "traceql/words.h"

namespace spandrel::api {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;
using storage::AttributeScope;

constexpr size_t kMostNames = 100'000;
constexpr size_t kMostValues = 100'000;
constexpr size_t kDefaultValues = 5'000;
constexpr std::string_view kIntrinsicScope = "intrinsic";

struct Scope {
  std::string_view name;
  AttributeScope scope;
};
constexpr std::array<Scope, 5> kScopes = {{{"resource", AttributeScope::kResource},
                                           {"span", AttributeScope::kSpan},
                                           {"event", AttributeScope::kEvent},
                                           {"link", AttributeScope::kLink},
                                           {"instrumentation", AttributeScope::kInstrumentation}}};

// Those that somebody who writes a query may want; not the numbers of nested sets.
std::vector<std::string> IntrinsicNames() {
  std::vector<std::string> names = traceql::IntrinsicWords();
  std::erase_if(names, [](const std::string& name) {
    return name == "parent" || name.starts_with("nestedSet");
  });
  std::sort(names.begin(), names.end());
  return names;
}

// What is true of all spans of the query's answer; true of all spans when there is none, or when it
// is half written.
storage::Expression FilterOf(const Parameters& parameters) {
  auto query = traceql::Parse(parameters.Get("q"));
  if (!query.ok()) return {};
  auto pipeline = SpansPipeline(*std::move(query));
  if (!pipeline.ok()) return {};
  storage::Expression where = query::MakePlan(*pipeline, {}).scan.where;
  return storage::ValidateExpression(where).ok() ? where : storage::Expression();
}

Status Fill(storage::Reader& reader, const storage::QueryContext& context,
            const Parameters& parameters, storage::NamesRequest names,
            std::vector<ScopedNames>* answer) {
  const auto range = TempoTimeRange(parameters);
  if (!range.ok()) return range.status();
  const auto limit = parameters.Count("limit", kMostNames, kMostNames);
  if (!limit.ok()) return limit.status();
  names.start_time = *range;
  names.where = FilterOf(parameters);
  const auto found = reader.Names(context, names);
  if (!found.ok()) return found.status();
  for (const storage::NameCount& one : found->names) {
    for (size_t i = 0; i < answer->size(); ++i) {
      std::vector<std::string>& of_scope = (*answer)[i].names;
      if (names.scopes[i] != one.name.scope || of_scope.size() == *limit) continue;
      of_scope.push_back(one.name.key);
    }
  }
  return {};
}

std::vector<TypedValue> Keywords(std::vector<std::string> words) {
  std::vector<TypedValue> values;
  values.reserve(words.size());
  for (std::string& word : words) values.push_back({"keyword", std::move(word)});
  return values;
}

std::string_view TypeName(const storage::Value& value) {
  constexpr std::array<std::string_view, 4> kNames = {"string", "bool", "int", "float"};
  return kNames[value.index()];
}

Result<std::vector<TypedValue>> Stored(storage::Reader& reader,
                                       const storage::QueryContext& context,
                                       const Parameters& parameters, storage::FieldRef field,
                                       bool of_roots) {
  storage::ValuesRequest values;
  values.field = std::move(field);
  values.where = FilterOf(parameters);
  if (of_roots) {
    values.where = storage::Expression::And(
        {std::move(values.where),
         storage::Expression::Compare(
             storage::CompareOp::kEqual,
             storage::Expression::Of(storage::FieldRef(storage::Intrinsic::kParentSpanId)),
             storage::Expression::Constant(std::string()))});
  }
  const auto range = TempoTimeRange(parameters);
  if (!range.ok()) return range.status();
  values.start_time = *range;
  const auto limit = parameters.Count("limit", kDefaultValues, kMostValues);
  if (!limit.ok()) return limit.status();
  values.limit = *limit;
  const auto found = reader.Values(context, values);
  if (!found.ok()) return found.status();
  std::vector<TypedValue> typed;
  typed.reserve(found->values.size());
  for (const storage::FieldValueCount& one : found->values) {
    typed.push_back({TypeName(one.value), storage::ValueText(one.value)});
  }
  return typed;
}

}  // namespace

Result<std::vector<ScopedNames>> TempoNames(storage::Reader& reader,
                                            const storage::QueryContext& context,
                                            const Parameters& parameters, bool with_intrinsics) {
  const std::string_view wanted = parameters.Get("scope");
  std::vector<ScopedNames> answer;
  storage::NamesRequest names;
  for (const Scope& scope : kScopes) {
    if (!wanted.empty() && wanted != "none" && wanted != scope.name) continue;
    names.scopes.push_back(scope.scope);
    answer.push_back({scope.name, {}});
  }
  const bool has_intrinsics = wanted == kIntrinsicScope || (wanted.empty() && with_intrinsics);
  if (answer.empty() && !has_intrinsics) {
    return Status(StatusCode::kInvalidArgument,
                  "scope: expected resource, span, event, link, instrumentation or intrinsic");
  }
  if (!answer.empty())
    SPANDREL_RETURN_IF_ERROR(Fill(reader, context, parameters, std::move(names), &answer));
  if (has_intrinsics) answer.push_back({kIntrinsicScope, IntrinsicNames()});
  std::erase_if(answer, [](const ScopedNames& one) { return one.names.empty(); });
  return answer;
}

std::vector<std::string> AllNames(const std::vector<ScopedNames>& scopes) {
  std::vector<std::string> all;
  for (const ScopedNames& one : scopes) all.insert(all.end(), one.names.begin(), one.names.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

Result<std::vector<TypedValue>> TempoValues(storage::Reader& reader,
                                            const storage::QueryContext& context,
                                            const traceql::Field& field,
                                            const Parameters& parameters) {
  using traceql::Intrinsic;
  const auto* intrinsic = std::get_if<Intrinsic>(&field);
  if (intrinsic == nullptr)
    return Stored(reader, context, parameters, query::FieldOf(field), false);
  switch (*intrinsic) {
    case Intrinsic::kStatus:
      return Keywords({"error", "ok", "unset"});
    case Intrinsic::kKind:
      return Keywords({"client", "consumer", "internal", "producer", "server", "unspecified"});
    case Intrinsic::kName:
    case Intrinsic::kStatusMessage:
    case Intrinsic::kEventName:
    case Intrinsic::kInstrumentationName:
    case Intrinsic::kInstrumentationVersion:
    case Intrinsic::kChildCount:
      return Stored(reader, context, parameters, query::FieldOf(field), false);
    case Intrinsic::kRootName:
      return Stored(reader, context, parameters, storage::Intrinsic::kName, true);
    case Intrinsic::kRootServiceName:
      return Stored(reader, context, parameters, storage::Intrinsic::kServiceName, true);
    default:
      return std::vector<TypedValue>();
  }
}

traceql::Field FieldOrAttribute(std::string_view name) {
  auto field = TempoField(name);
  if (field.ok()) return *std::move(field);
  return traceql::Attribute{traceql::Scope::kUnscoped, false, std::string(name)};
}

}  // namespace spandrel::api
