// SPDX-License-Identifier: Apache-2.0
#include "api/mcp/mcp_api.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "api/http/json_reader.h"
#include "api/http/json_text.h"
#include "api/http/responses.h"
#include "api/http/router.h"
#include "api/http/service_context.h"
#include "api/mcp/tools.h"

namespace spandrel::api {
namespace {

using wire::JsonWriter;
namespace dom = simdjson::dom;

// Of JSON-RPC 2.0.
constexpr int kParseError = -32700;
constexpr int kInvalidRequest = -32600;
constexpr int kMethodNotFound = -32601;
constexpr int kInvalidParams = -32602;

// The newest first. Earlier ones have batches of requests, or another transport.
constexpr std::array<std::string_view, 2> kRevisions = {"2025-11-25", "2025-06-18"};
constexpr std::string_view kRevisionHeader = "mcp-protocol-version";

bool IsKnownRevision(std::string_view revision) {
  return std::find(kRevisions.begin(), kRevisions.end(), revision) != kRevisions.end();
}

constexpr std::string_view kInstructions =
    "Distributed traces. Begin with list_services, then search_traces or get_service_metrics; "
    "get_trace, get_critical_path and get_errors explain one trace, get_span one span, compare two "
    "selections. Times are now, now-1h or nanoseconds since 1970; the default range is the last "
    "hour.";

// A message of JSON-RPC: a request, or without an id a notification, which nobody answers.
struct Message {
  std::string id;  // as JSON; empty: a notification
  std::string method;
  std::string params = "{}";  // as JSON
};

net::Response Answer(std::string_view id, std::string_view member, std::string_view value) {
  std::string text;
  JsonWriter json(&text);
  json.OpenObject();
  TextField("jsonrpc", "2.0", &json);
  json.Key("id");
  json.Raw(id.empty() ? "null" : id);
  json.Key(member);
  json.Raw(value);
  json.CloseObject();
  return JsonResponse(std::move(text));
}

net::Response Failure(std::string_view id, int code, std::string_view message) {
  std::string text;
  JsonWriter json(&text);
  json.OpenObject();
  json.Key("code");
  json.Int(code);
  TextField("message", message, &json);
  json.CloseObject();
  net::Response response = Answer(id, "error", text);
  if (id.empty()) response.status = 400;
  return response;
}

bool ReadMessage(const dom::object& object, Message* message) {
  std::string_view version;
  std::string_view method;
  if (object["jsonrpc"].get_string().get(version) != simdjson::SUCCESS || version != "2.0") {
    return false;
  }
  if (object["method"].get_string().get(method) != simdjson::SUCCESS) return false;
  message->method = method;
  dom::element id;
  if (object["id"].get(id) == simdjson::SUCCESS) {
    if (!id.is_string() && !id.is_number()) return false;
    message->id = simdjson::minify(id);
  }
  dom::element params;
  if (object["params"].get(params) != simdjson::SUCCESS) return true;
  message->params = simdjson::minify(params);
  return params.is_object();
}

std::string InitializeResult(const net::Headers& params, const std::string& version) {
  const std::string_view asked = net::FindHeader(params, "protocolVersion");
  std::string text;
  JsonWriter json(&text);
  json.OpenObject();
  TextField("protocolVersion", IsKnownRevision(asked) ? asked : kRevisions.front(), &json);
  json.Key("capabilities");
  json.Raw(R"({"tools":{}})");
  json.Key("serverInfo");
  json.OpenObject();
  TextField("name", "spandrel", &json);
  TextField("version", version, &json);
  json.CloseObject();
  TextField("instructions", kInstructions, &json);
  json.CloseObject();
  return text;
}

void WriteSchema(const McpTool& tool, JsonWriter* json) {
  json->OpenObject();
  TextField("type", "object", json);
  json->Key("properties");
  json->OpenObject();
  for (const ToolParameter& parameter : tool.parameters) {
    json->EscapedKey(parameter.name);
    json->OpenObject();
    TextField("type", parameter.type, json);
    TextField("description", parameter.help, json);
    json->CloseObject();
  }
  json->CloseObject();
  json->Key("required");
  json->OpenArray();
  for (const ToolParameter& parameter : tool.parameters) {
    if (parameter.required) json->String(parameter.name);
  }
  json->CloseArray();
  json->Key("additionalProperties");
  json->Bool(false);
  json->CloseObject();
}

std::string ToolsResult() {
  std::string text;
  JsonWriter json(&text);
  json.OpenObject();
  json.Key("tools");
  json.OpenArray();
  for (const McpTool& tool : McpTools()) {
    json.OpenObject();
    TextField("name", tool.name, &json);
    TextField("title", tool.title, &json);
    TextField("description", tool.help, &json);
    json.Key("inputSchema");
    WriteSchema(tool, &json);
    json.Key("annotations");
    json.Raw(R"({"readOnlyHint":true,"openWorldHint":false})");
    json.CloseObject();
  }
  json.CloseArray();
  json.CloseObject();
  return text;
}

std::string CallResult(std::string_view text, bool is_error) {
  std::string result;
  JsonWriter json(&result);
  json.OpenObject();
  json.Key("content");
  json.OpenArray();
  json.OpenObject();
  TextField("type", "text", &json);
  TextField("text", text, &json);
  json.CloseObject();
  json.CloseArray();
  json.Key("isError");
  json.Bool(is_error);
  json.CloseObject();
  return result;
}

// The first argument that the tool does not have, or misses; empty when all is well.
std::string WrongArgument(const McpTool& tool, const net::Headers& arguments) {
  for (const auto& [name, value] : arguments) {
    const bool is_known =
        std::any_of(tool.parameters.begin(), tool.parameters.end(),
                    [&name = name](const ToolParameter& one) { return one.name == name; });
    if (!is_known) return fmt::format("{}: {} has no such argument", name, tool.name);
  }
  for (const ToolParameter& parameter : tool.parameters) {
    const bool is_missing = net::FindHeader(arguments, parameter.name).empty();
    if (parameter.required && is_missing) return fmt::format("{}: is needed", parameter.name);
  }
  return "";
}

class McpApi {
 public:
  explicit McpApi(const ServiceContext& context) : context_(context) {}

  net::Response Handle(const RoutedRequest& request) const {
    dom::parser parser;
    dom::object object;
    const auto parsed = parser.parse(request.body.data(), request.body.size());
    if (parsed.error() != simdjson::SUCCESS) return Failure("", kParseError, "not JSON");
    Message message;
    if (parsed.get(object) != simdjson::SUCCESS || !ReadMessage(object, &message)) {
      return Failure(message.id, kInvalidRequest, "not a request of JSON-RPC 2.0");
    }
    if (message.id.empty()) return MakeResponse(202, kTextType, "");
    return Answered(request, message);
  }

 private:
  net::Response Answered(const RoutedRequest& request, const Message& message) const {
    const auto params = ParseParameterObject(message.params);
    if (!params.ok()) return Failure(message.id, kInvalidParams, params.status().message());
    if (message.method == "initialize") {
      return Answer(message.id, "result", InitializeResult(*params, context_.status().version));
    }
    const std::string_view revision = net::FindHeader(request.http.headers, kRevisionHeader);
    if (!revision.empty() && !IsKnownRevision(revision)) {
      return Failure("", kInvalidRequest, "this revision of the protocol is not spoken here");
    }
    if (message.method == "ping") return Answer(message.id, "result", "{}");
    if (message.method == "tools/list") return Answer(message.id, "result", ToolsResult());
    if (message.method == "tools/call") return Call(request, message, *params);
    return Failure(message.id, kMethodNotFound, "no such method: " + message.method);
  }

  net::Response Call(const RoutedRequest& request, const Message& message,
                     const net::Headers& parameters) const {
    const auto tools = McpTools();
    const auto tool = std::find_if(tools.begin(), tools.end(), [&](const McpTool& one) {
      return one.name == net::FindHeader(parameters, "name");
    });
    if (tool == tools.end()) return Failure(message.id, kInvalidParams, "no such tool");
    net::Headers arguments = ArgumentsOf(parameters);
    const std::string wrong = WrongArgument(*tool, arguments);
    if (!wrong.empty()) return Answer(message.id, "result", CallResult(wrong, true));
    auto text = tool->call(context_, request.context, Parameters(std::move(arguments)));
    if (!text.ok()) {
      return Answer(message.id, "result", CallResult(text.status().message(), true));
    }
    if (const uint64_t missing = request.context.unreadable_spans(); missing > 0) {
      *text +=
          fmt::format("{} spans are damaged where they are stored and may be missing\n", missing);
    }
    return Answer(message.id, "result", CallResult(*text, false));
  }

  // The members of `arguments`.
  static net::Headers ArgumentsOf(const net::Headers& params) {
    constexpr std::string_view kPrefix = "arguments.";
    net::Headers arguments;
    for (const auto& [name, value] : params) {
      if (name.starts_with(kPrefix)) arguments.emplace_back(name.substr(kPrefix.size()), value);
    }
    return arguments;
  }

  const ServiceContext& context_;
};

}  // namespace

void AddMcpApi(const ServiceContext& context, Router* router) {
  const auto api = std::make_shared<const McpApi>(context);
  router->Post("/api/mcp", [api](const RoutedRequest& request) { return api->Handle(request); });
}

}  // namespace spandrel::api
