// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "api/http/parameters.h"
#include "api/http/service_context.h"
#include "base/status.h"
#include "storage/query_context.h"

// What a language model may ask by MCP. Answers are plain text with the counts they rest on.
namespace spandrel::api {

struct ToolParameter {
  std::string_view name;
  std::string_view type;  // of JSON Schema: "string", "integer", "boolean"
  std::string_view help;
  bool required = false;
};

struct McpTool {
  std::string_view name;
  std::string_view title;
  std::string_view help;
  std::span<const ToolParameter> parameters;
  // INVALID_ARGUMENT names the parameter.
  base::Result<std::string> (*call)(const ServiceContext& service,
                                    const storage::QueryContext& context,
                                    const Parameters& arguments);
};

std::span<const McpTool> McpTools();

}  // namespace spandrel::api
