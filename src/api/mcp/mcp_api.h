// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace spandrel::api {

struct ServiceContext;
class Router;

// POST /api/mcp: the Model Context Protocol over streamable HTTP, revisions 2025-06-18 and
// 2025-11-25 (https://modelcontextprotocol.io/specification), without sessions: each request is
// answered by itself, as JSON. Serves tools (tools.h) and nothing else. Both live as long as the
// route is used.
void AddMcpApi(const ServiceContext& context, Router* router);

}  // namespace spandrel::api
