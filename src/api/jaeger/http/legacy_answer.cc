// SPDX-License-Identifier: Apache-2.0
#include "api/jaeger/http/legacy_answer.h"

#include <utility>

#include "api/http/json_text.h"
#include "api/http/responses.h"

namespace spandrel::api {
namespace {

using wire::JsonWriter;

void WriteProblems(const std::vector<LegacyProblem>& problems, JsonWriter* json) {
  json->Key("errors");
  if (problems.empty()) return json->Null();
  json->OpenArray();
  for (const LegacyProblem& problem : problems) {
    json->OpenObject();
    UintField("code", static_cast<uint64_t>(problem.code), json);
    TextField("msg", problem.message, json);
    if (!problem.trace_id.empty()) TextField("traceID", problem.trace_id, json);
    json->CloseObject();
  }
  json->CloseArray();
}

}  // namespace

std::string LegacyEnvelope(std::string_view data, size_t total,
                           const std::vector<LegacyProblem>& problems) {
  std::string text;
  JsonWriter json(&text);
  json.OpenObject();
  json.Key("data");
  json.Raw(data);
  UintField("total", total, &json);
  UintField("limit", 0, &json);
  UintField("offset", 0, &json);
  WriteProblems(problems, &json);
  json.CloseObject();
  return text;
}

bool WantsPrettyJson(const Parameters& parameters) {
  const std::string_view pretty = parameters.Get("prettyPrint");
  return !pretty.empty() && pretty != "false";
}

void AddLegacyDamage(const storage::QueryContext& context, std::vector<LegacyProblem>* problems) {
  const uint64_t spans = context.unreadable_spans();
  if (spans == 0) return;
  problems->push_back({206,
                       std::to_string(spans) + " spans are damaged where they are stored; those "
                                               "that belong here are left out",
                       {}});
}

net::Response LegacyAnswer(const RoutedRequest& request, std::string_view data, size_t total) {
  std::vector<LegacyProblem> problems;
  AddLegacyDamage(request.context, &problems);
  std::string body = LegacyEnvelope(data, total, problems);
  if (WantsPrettyJson(request.parameters)) body = IndentJson(body, 4);
  return JsonResponse(std::move(body));
}

net::Response LegacyFailure(int http_status, std::string message) {
  return MakeResponse(http_status, kTextType,
                      LegacyEnvelope("null", 0, {{http_status, std::move(message), {}}}) + "\n");
}

net::Response LegacyFailure(const base::Status& status) {
  net::Response response = LegacyFailure(HttpStatusOfQuery(status), status.message());
  if (status.retry_after()) response.headers.emplace_back("retry-after", "1");
  return response;
}

}  // namespace spandrel::api
