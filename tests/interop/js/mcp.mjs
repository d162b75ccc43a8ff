// SPDX-License-Identifier: Apache-2.0
// The official client of the Model Context Protocol against a Spandrel that has spans:
//
//   node mcp.mjs HOST:PORT
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import assert from "node:assert/strict";

const client = new Client({ name: "spandrel-interop", version: "1" });
await client.connect(new StreamableHTTPClientTransport(new URL(`http://${process.argv[2]}/api/mcp`)));
await client.ping();
assert.equal(client.getServerVersion().name, "spandrel");

async function call(name, args = {}) {
  const result = await client.callTool({ name, arguments: args });
  assert.ok(!result.isError, `${name}: ${JSON.stringify(result)}`);
  return result.content[0].text;
}

const { tools } = await client.listTools();
assert.ok(tools.length >= 12);
assert.ok(tools.every((tool) => tool.annotations.readOnlyHint && tool.inputSchema.type === "object"));

const range = { from: "now-24h" };
const found = await call("search_traces", { ...range, limit: 1 });
const id = /^[0-9a-f]{32}/m.exec(found)[0];
assert.match(await call("get_trace", { trace_id: id }), new RegExp(`^trace ${id}: \\d+ spans`));
assert.match(await call("get_critical_path", { trace_id: id }), /by service:/);
assert.match(await call("list_services", range), /spans=\d+/);
const wrong = await client.callTool({ name: "get_trace", arguments: { trace_id: "no id" } });
assert.ok(wrong.isError);
await assert.rejects(client.callTool({ name: "no such tool", arguments: {} }));
await client.close();
console.log(`MCP: ${tools.length} tools, a trace found and explained`);
