// SPDX-License-Identifier: Apache-2.0
#include "api/tempo/tempo_lists.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/http/json_text.h"
#include "api/http/responses.h"
#include "api/tempo/tempo_errors.h"
#include "api/tempo/tempo_json.h"
#include "api/tempo/tempo_names.h"
#include "api/tempo/tempo_parameters.h"

namespace spandrel::api {
namespace {

using base::Result;
using wire::JsonWriter;

class Lists {
 public:
  explicit Lists(const ServiceContext& context) : context_(context) {}

  net::Response GetNames(const RoutedRequest& request) const {
    const auto scopes = Names(request, /*with_intrinsics=*/false);
    if (!scopes.ok()) return TempoError(scopes.status());
    std::string text;
    JsonWriter json(&text);
    json.OpenObject();
    WriteTexts("tagNames", AllNames(*scopes), &json);
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
    const auto values = Values(request, FieldOrAttribute(request.PathParameter("tag")));
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
    return TempoNames(context_.reader, request.context, request.parameters, with_intrinsics);
  }

  Result<std::vector<TypedValue>> Values(const RoutedRequest& request,
                                         const traceql::Field& field) const {
    return TempoValues(context_.reader, request.context, field, request.parameters);
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
