// SPDX-License-Identifier: Apache-2.0
#include "api/http/json_reader.h"

#include <simdjson.h>

#include <utility>

namespace spandrel::api {
namespace {

using base::Status;
using base::StatusCode;
namespace dom = simdjson::dom;

Status Malformed(std::string_view what) {
  return {StatusCode::kInvalidArgument, std::string(what)};
}

// The text of a string, the JSON of anything else.
std::string TextOf(const dom::element& value) {
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS) return std::string(text);
  return simdjson::minify(value);
}

void AppendMember(const std::string& prefix, const dom::key_value_pair& member,
                  net::Headers* parameters) {
  if (member.value.is_null()) return;
  parameters->emplace_back(prefix + std::string(member.key), TextOf(member.value));
}

}  // namespace

base::Result<std::map<std::string, std::string>> ParseStringMap(std::string_view json) {
  dom::parser parser;
  dom::object object;
  if (parser.parse(json.data(), json.size()).get(object) != simdjson::SUCCESS) {
    return Malformed("expected a JSON object of strings");
  }
  std::map<std::string, std::string> map;
  for (const auto& member : object) {
    std::string_view value;
    if (member.value.get_string().get(value) != simdjson::SUCCESS) {
      return Malformed("expected a JSON object of strings");
    }
    map[std::string(member.key)] = std::string(value);
  }
  return map;
}

base::Result<net::Headers> ParseParameterObject(std::string_view json) {
  dom::parser parser;
  dom::object object;
  if (parser.parse(json.data(), json.size()).get(object) != simdjson::SUCCESS) {
    return Malformed("expected a JSON object");
  }
  net::Headers parameters;
  for (const auto& member : object) {
    dom::object nested;
    if (member.value.get_object().get(nested) != simdjson::SUCCESS) {
      AppendMember("", member, &parameters);
      continue;
    }
    const std::string prefix = std::string(member.key) + ".";
    for (const auto& inner : nested) AppendMember(prefix, inner, &parameters);
  }
  return parameters;
}

}  // namespace spandrel::api
