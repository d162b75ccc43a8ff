// SPDX-License-Identifier: Apache-2.0
#include "api/tempo/tempo_lists.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/http/json_text.h"
#include "api/http/responses.h"
#include "api/tempo/tempo_errors.h"
#include "api/tempo/tempo_json.h"
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
using wire::JsonWriter;

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

// The names of one scope.
struct ScopedNames {
  std::string_view scope;
  std::vector<std::string> names;
};

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

class Lists {
 public:
  explicit Lists(const ServiceContext& context) : context_(context) {}

  net::Response GetNames(const RoutedRequest& request) const {
    const auto scopes = Names(request, /*with_intrinsics=*/false);
    if (!scopes.ok()) return TempoError(scopes.status());
    std::vector<std::string> all;
    for (const ScopedNames& one : *scopes)
      all.insert(all.end(), one.names.begin(), one.names.end());
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    std::string text;
    JsonWriter json(&text);
    json.OpenObject();
    WriteTexts("tagNames", all, &json);
    return Ended(request, &text, &json);
  }

  net::Response GetScopedNames(const RoutedRequest& request) const {
    const auto scopes = Names(request, /*with_intrinsics=*/true);
    if (!scopes.ok()) return TempoError(scopes.status());
    std::string text;
    JsonWriter json(&text);
    json.OpenObject();
    json.Key("scopes");
    json.OpenArray();
    for (const ScopedNames& one : *scopes) {
      json.OpenObject();
      TextField("name", one.scope, &json);
      WriteTexts("tags", one.names, &json);
      json.CloseObject();
    }
    json.CloseArray();
    return Ended(request, &text, &json);
  }

  net::Response GetValues(const RoutedRequest& request) const {
    const std::string_view name = request.PathParameter("tag");
    auto field = TempoField(name);
    if (!field.ok()) {
      field =
          traceql::Field(traceql::Attribute{traceql::Scope::kUnscoped, false, std::string(name)});
    }
    const auto values = Values(request, *field);
    if (!values.ok()) return TempoError(values.status());
    std::vector<std::string> texts;
    for (const TypedValue& value : *values) texts.push_back(value.text);
    std::string text;
    JsonWriter json(&text);
    json.OpenObject();
    WriteTexts("tagValues", texts, &json);
    return Ended(request, &text, &json);
  }

  net::Response GetTypedValues(const RoutedRequest& request) const {
    const auto field = TempoField(request.PathParameter("tag"));
    if (!field.ok()) return TempoError(field.status().Annotate("tag"));
    const auto values = Values(request, *field);
    if (!values.ok()) return TempoError(values.status());
    std::string text;
    JsonWriter json(&text);
    json.OpenObject();
    json.Key("tagValues");
    json.OpenArray();
    for (const TypedValue& value : *values) {
      json.OpenObject();
      TextField("type", value.type, &json);
      TextField("value", value.text, &json);
      json.CloseObject();
    }
    json.CloseArray();
    return Ended(request, &text, &json);
  }

 private:
  struct TypedValue {
    std::string_view type;
    std::string text;
  };

  static void WriteTexts(std::string_view key, const std::vector<std::string>& texts,
                         JsonWriter* json) {
    json->Key(key);
    json->OpenArray();
    for (const std::string& text : texts) json->String(text);
    json->CloseArray();
  }

  static net::Response Ended(const RoutedRequest& request, std::string* text, JsonWriter* json) {
    WriteTempoMetrics(request.context, json);
    json->CloseObject();
    return JsonResponse(std::move(*text));
  }

  Result<std::vector<ScopedNames>> Names(const RoutedRequest& request, bool with_intrinsics) const {
    const std::string_view wanted = request.parameters.Get("scope");
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
    if (!answer.empty()) SPANDREL_RETURN_IF_ERROR(Fill(request, std::move(names), &answer));
    if (has_intrinsics) answer.push_back({kIntrinsicScope, IntrinsicNames()});
    std::erase_if(answer, [](const ScopedNames& one) { return one.names.empty(); });
    return answer;
  }

  Status Fill(const RoutedRequest& request, storage::NamesRequest names,
              std::vector<ScopedNames>* answer) const {
    const auto range = TempoTimeRange(request.parameters);
    if (!range.ok()) return range.status();
    const auto limit = request.parameters.Count("limit", kMostNames, kMostNames);
    if (!limit.ok()) return limit.status();
    names.start_time = *range;
    names.where = FilterOf(request.parameters);
    const auto found = context_.reader.Names(request.context, names);
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

  // The few that a field can have, or those that occur; none of what is different in each span.
  Result<std::vector<TypedValue>> Values(const RoutedRequest& request,
                                         const traceql::Field& field) const {
    using traceql::Intrinsic;
    const auto* intrinsic = std::get_if<Intrinsic>(&field);
    if (intrinsic == nullptr) return Stored(request, query::FieldOf(field), false);
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
        return Stored(request, query::FieldOf(field), false);
      case Intrinsic::kRootName:
        return Stored(request, storage::Intrinsic::kName, true);
      case Intrinsic::kRootServiceName:
        return Stored(request, storage::Intrinsic::kServiceName, true);
      default:
        return std::vector<TypedValue>();
    }
  }

  static std::vector<TypedValue> Keywords(std::vector<std::string> words) {
    std::vector<TypedValue> values;
    for (std::string& word : words) values.push_back({"keyword", std::move(word)});
    return values;
  }

  static std::string_view TypeName(const storage::Value& value) {
    constexpr std::array<std::string_view, 4> kNames = {"string", "bool", "int", "float"};
    return kNames[value.index()];
  }

  Result<std::vector<TypedValue>> Stored(const RoutedRequest& request, storage::FieldRef field,
                                         bool of_roots) const {
    storage::ValuesRequest values;
    values.field = std::move(field);
    values.where = FilterOf(request.parameters);
    if (of_roots) {
      values.where = storage::Expression::And(
          {std::move(values.where),
           storage::Expression::Compare(
               storage::CompareOp::kEqual,
               storage::Expression::Of(storage::FieldRef(storage::Intrinsic::kParentSpanId)),
               storage::Expression::Constant(std::string()))});
    }
    const auto range = TempoTimeRange(request.parameters);
    if (!range.ok()) return range.status();
    values.start_time = *range;
    const auto limit = request.parameters.Count("limit", kDefaultValues, kMostValues);
    if (!limit.ok()) return limit.status();
    values.limit = *limit;
    const auto found = context_.reader.Values(request.context, values);
    if (!found.ok()) return found.status();
    std::vector<TypedValue> typed;
    for (const storage::FieldValueCount& one : found->values) {
      typed.push_back({TypeName(one.value), storage::ValueText(one.value)});
    }
    return typed;
  }

  const ServiceContext context_;
};

}  // namespace

void AddTempoLists(const ServiceContext& context, Router* router) {
  const auto lists = std::make_shared<const Lists>(context);
  router->Get("/api/search/tags", [lists](const auto& r) { return lists->GetNames(r); });
  router->Get("/api/v2/search/tags", [lists](const auto& r) { return lists->GetScopedNames(r); });
  router->Get("/api/search/tag/{tag...}/values",
              [lists](const auto& r) { return lists->GetValues(r); });
  router->Get("/api/v2/search/tag/{tag...}/values",
              [lists](const auto& r) { return lists->GetTypedValues(r); });
}

}  // namespace spandrel::api
