// SPDX-License-Identifier: Apache-2.0
#include "cli/options.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <utility>

namespace spandrel::cli {
namespace {

constexpr const char* kStatusHelp =
    "The status is 0 when something was found, 1 when nothing was, 2 when something is wrong.\n";

std::string DefaultServer() {
  const char* const server = std::getenv("SPANDREL_SERVER");
  return server == nullptr || *server == '\0' ? "http://localhost:16686" : server;
}

CLI::App* AddAction(CLI::App& app, const char* name, const char* help, Action action,
                    CommandOptions* options) {
  CLI::App* command = app.add_subcommand(name, help);
  command->callback([options, action] {
    options->action = action;
    if (options->server.empty()) options->server = DefaultServer();
  });
  return command;
}

CLI::Option* AddServer(CLI::App& command, CommandOptions* options) {
  return command
      .add_option("--server", options->server,
                  "Address of the server that is asked (default: that in SPANDREL_SERVER, else "
                  "http://localhost:16686)")
      ->type_name("URL");
}

void AddServerOptions(CLI::App& command, CommandOptions* options) {
  command
      .add_option("--header", options->headers,
                  "Send this with every question, 'Name: value'; may be repeated")
      ->type_name("HEADER")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command
      .add_option("--token-file", options->token_file, "Log in with the bearer token in this file")
      ->type_name("FILE");
  command
      .add_option("--ca-file", options->ca_file,
                  "Trust the server's certificate by these authorities (PEM)")
      ->type_name("FILE");
  command
      .add_option("--cert-file", options->cert_file, "Show this certificate to the server (PEM)")
      ->type_name("FILE");
  command.add_option("--key-file", options->key_file, "Its key (PEM)")->type_name("FILE");
  command.add_option("--tenant", options->tenant, "Ask about the spans of this tenant")
      ->type_name("NAME");
  command.add_flag("--exact-names", options->exact_names,
                   "Attributes by the very names that are asked for, not by older and newer ones");
  command.add_option("--timeout", options->timeout, "Time for a question, such as 90s or 5m")
      ->type_name("TIME")
      ->capture_default_str();
}

void AddDataOption(CLI::App& command, CLI::Option* server, CommandOptions* options) {
  command
      .add_option("--data", options->data,
                  "Ask the data directory of a server that does not run; nothing in it changes")
      ->type_name("DIR")
      ->excludes(server);
}

void AddLook(CLI::App& command, const std::vector<std::string>& formats, const std::string& help,
             CommandOptions* options) {
  command.add_option("--format", options->format, help)
      ->default_str(formats.front())
      ->check(CLI::IsMember(formats));
  command.add_option("--color", options->color, "Colours: on a terminal, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str();
}

void AddQuery(CLI::App& command, CommandOptions* options) {
  command.add_option("QUERY", options->query, "A query in TraceQL, such as '{ status = error }'")
      ->required();
}

CLI::App* AddQueryCommand(CLI::App& app, CommandOptions* options) {
  CLI::App* query = AddAction(app, "query", "Find traces, or count and measure spans, by TraceQL",
                              Action::kQuery, options);
  AddQuery(*query, options);
  query
      ->add_option("--from", options->from,
                   "Spans that start then or later: 2h (ago), today, 14:30, "
                   "2026-08-20T10:00:00Z or seconds since 1970 (default: 1h)")
      ->type_name("TIME");
  query->add_option("--to", options->to, "Spans that start no later")
      ->type_name("TIME")
      ->capture_default_str();
  query->add_option("--limit", options->limit, "Traces, or series, at most")
      ->check(CLI::Range(uint64_t{1}, uint64_t{10'000}))
      ->type_name("COUNT")
      ->capture_default_str();
  query
      ->add_option("--step", options->step,
                   "Time between points of series, such as 1m (default: a 60th of the range)")
      ->type_name("TIME");
  query->add_flag("--by-time", options->by_time, "A row for each point of series");
  AddLook(*query, {"table", "json", "otlp"},
          "table, json (an object a line), or otlp (the whole traces, as `spandrel store import` "
          "reads them)",
          options);
  AddDataOption(*query, AddServer(*query, options), options);
  AddServerOptions(*query, options);
  query->footer(
      std::string(kStatusHelp) +
      "Examples:\n"
      "  spandrel query '{ status = error }' --from 2h\n"
      "  spandrel query '{ resource.service.name = \"shop\" && duration > 1s }' --from today\n"
      "  spandrel query '{ } | rate() by (resource.service.name)'\n"
      "  spandrel query '{ name =~ \"GET .*\" }' --format json | jq -r .traceId\n"
      "  spandrel query '{ .order = 17 }' --format otlp > order.jsonl");
  return query;
}

CLI::App* AddTraceCommand(CLI::App& app, CommandOptions* options) {
  CLI::App* trace =
      AddAction(app, "trace", "Print the tree of a trace, or one span", Action::kTrace, options);
  trace
      ->add_option("ID", options->trace_id,
                   "Id of the trace, in hexadecimal; leading zeros may be left out")
      ->required();
  trace->add_option("--span", options->span_id, "Print all that this span says")->type_name("ID");
  trace->add_flag("--all", options->all, "Print each of many spans that are alike");
  AddLook(*trace, {"tree", "json", "otlp"},
          "tree, json (an object a span), or otlp (as `spandrel store import` reads it)", options);
  AddDataOption(*trace, AddServer(*trace, options), options);
  AddServerOptions(*trace, options);
  trace->footer(std::string(kStatusHelp) +
                "Examples:\n"
                "  spandrel trace 0af7651916cd43dd8448eb211c80319c\n"
                "  spandrel trace 0af7651916cd43dd8448eb211c80319c --span b7ad6b7169203331\n"
                "  spandrel trace 0af7651916cd43dd8448eb211c80319c --data /var/lib/spandrel");
  return trace;
}

CLI::App* AddTailCommand(CLI::App& app, CommandOptions* options) {
  CLI::App* tail =
      AddAction(app, "tail", "Print spans that match as they come", Action::kTail, options);
  AddQuery(*tail, options);
  tail->add_option("--from", options->from,
                   "Print also what is there already, from then on (default: nothing)")
      ->type_name("TIME");
  tail->add_option("--limit", options->tail_limit, "End after so many spans (default: at Ctrl-C)")
      ->type_name("COUNT");
  tail->add_option("--overlap", options->overlap,
                   "How long after its start a span may come and is still printed")
      ->type_name("TIME")
      ->capture_default_str();
  tail->add_option("--interval", options->interval, "Time between questions")
      ->type_name("TIME")
      ->capture_default_str();
  AddLook(*tail, {"line", "json"}, "line, or json (an object a span)", options);
  AddServer(*tail, options);
  AddServerOptions(*tail, options);
  tail->footer(std::string(kStatusHelp) +
               "Examples:\n"
               "  spandrel tail '{ status = error }'\n"
               "  spandrel tail '{ duration > 1s }' --from 10m --limit 100");
  return tail;
}

}  // namespace

Commands AddCommands(CLI::App& app, CommandOptions* options) {
  return {AddQueryCommand(app, options), AddTraceCommand(app, options),
          AddTailCommand(app, options)};
}

}  // namespace spandrel::cli
