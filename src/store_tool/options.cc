// SPDX-License-Identifier: Apache-2.0
#include "store_tool/options.h"

#include <CLI/CLI.hpp>

namespace spandrel::store_tool {
namespace {

CLI::App* AddAction(CLI::App& store, const char* name, const char* help, StoreAction action,
                    StoreCommandOptions* options) {
  CLI::App* command = store.add_subcommand(name, help);
  command->add_option("DIR", options->directory, "The data directory")->required();
  command->callback([options, action] { options->action = action; });
  return command;
}

void AddTenantOption(CLI::App& command, const char* help, StoreCommandOptions* options) {
  command.add_option("--tenant", options->tenant, help)->type_name("NAME");
}

void AddExportOptions(CLI::App& command, StoreCommandOptions* options) {
  command.add_option("--output,-o", options->output, "FILE, or - for standard output")
      ->capture_default_str();
  command
      .add_option("--format", options->format,
                  "otlp-json: a request a line; otlp-proto: requests, each behind its length in 4 "
                  "bytes, big-endian. As the OpenTelemetry Collector's file exporter writes them")
      ->check(CLI::IsMember({"otlp-json", "otlp-proto"}))
      ->capture_default_str();
  command
      .add_option("--compression", options->compression,
                  "none, gzip or zstd (default: by the name of the output, .gz or .zst)")
      ->check(CLI::IsMember({"none", "gzip", "zstd"}));
  command.add_option("--since", options->since,
                     "Traces with a span that starts then or later: 2h (ago), "
                     "2026-08-20T10:00:00Z or nanoseconds since the epoch");
  command.add_option("--until", options->until, "Traces with a span that starts before");
  command.add_option("--where", options->where,
                     "Traces with a span that matches, such as 'service.name=shop error=true'");
  AddTenantOption(command, "Traces of this tenant (default: those of no named one)", options);
  command.add_flag("--overwrite", options->overwrite, "Replace the output if it is there");
}

}  // namespace

CLI::App* AddStoreCommand(CLI::App& app, StoreCommandOptions* options) {
  CLI::App* store =
      app.add_subcommand("store", "Look at, check, export or import a data directory");
  store->require_subcommand(1);
  store->footer(
      "No server may run on the directory meanwhile. stat, export and verify (but with "
      "--repair) change nothing in it.\n"
      "Examples:\n"
      "  spandrel store stat ./spandrel-data\n"
      "  spandrel store export ./spandrel-data --output spans.jsonl.zst --since 24h\n"
      "  spandrel store import ./other-data --input spans.jsonl.zst --tenant team-a");
  CLI::App* stat =
      AddAction(*store, "stat", "Print what is stored: spans, sizes, times, tenants, parts",
                StoreAction::kStat, options);
  stat->add_flag("--json", options->json, "Print it as JSON");
  CLI::App* verify =
      AddAction(*store, "verify", "Read everything and print what is damaged; then the status is 1",
                StoreAction::kVerify, options);
  verify->add_flag("--repair", options->repair,
                   "Open the store as a server does, mend what can be mended, set the rest aside");
  AddExportOptions(*AddAction(*store, "export", "Write the stored traces as OTLP",
                              StoreAction::kExport, options),
                   options);
  CLI::App* import =
      AddAction(*store, "import",
                "Store OTLP files; what is stored already is left out. Format and compression are "
                "recognized",
                StoreAction::kImport, options);
  import->add_option("--input,-i", options->inputs, "FILE, or - for standard input")
      ->required()
      ->type_name("FILE");
  AddTenantOption(*import, "Store them for this tenant (default: for no named one)", options);
  return store;
}

}  // namespace spandrel::store_tool
