// SPDX-License-Identifier: Apache-2.0
#include "server/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>

#include "cli/completion.h"
#include "cli/output.h"

namespace spandrel::server {
namespace {

constexpr const char* kDescription =
    "Spandrel: distributed tracing. Receives OTLP, stores it durably, answers Jaeger's and "
    "Tempo's\n"
    "APIs and shows a page. Without --config it is all of that in one process, on localhost.";
constexpr const char* kFooter =
    "Examples:\n"
    "  spandrel                                    collector, store, APIs and page\n"
    "  spandrel --data-dir /var/lib/spandrel       the same, with the data elsewhere\n"
    "  spandrel --config collector.yaml            exactly what an OpenTelemetry Collector file "
    "says\n"
    "  spandrel validate --config collector.yaml   say all that is wrong with it\n"
    "  spandrel load --spans 100000                send generated spans to localhost:4317\n"
    "  spandrel store stat ./spandrel-data         what a data directory holds\n"
    "  spandrel query '{ status = error }'         traces with an error of the last hour";

// The flags of the all-in-one and the keys of the built-in configuration that they set.
struct BuiltinFlag {
  const char* name;
  const char* key;
  const char* help;
};
constexpr BuiltinFlag kBuiltinFlags[] = {
    {"--data-dir", "extensions.store.directory",
     "Directory of the stored data (default ./spandrel-data)"},
    {"--otlp-grpc", "receivers.otlp.protocols.grpc.endpoint",
     "HOST:PORT of OTLP/gRPC (default localhost:4317)"},
    {"--otlp-http", "receivers.otlp.protocols.http.endpoint",
     "HOST:PORT of OTLP/HTTP (default localhost:4318)"},
    {"--http", "extensions.query.endpoint",
     "HOST:PORT of the page and the APIs (default localhost:16686)"},
    {"--query-timeout", "extensions.query.query_timeout",
     "Time for a question that names none, for example 10s (default 30s; at most 5m)"},
    {"--tempo", "extensions.query.tempo.endpoint",
     "HOST:PORT of Tempo's API for Grafana (default localhost:3200)"},
    {"--jaeger-grpc", "extensions.query.jaeger_grpc.endpoint",
     "HOST:PORT of Jaeger's query services over gRPC, usually localhost:16685 (default: they are "
     "on "
     "--http alone)"},
    {"--storage-grpc", "extensions.query.storage_grpc.endpoint",
     "HOST:PORT for a Jaeger whose remote storage this is, which reads and writes there, usually "
     "localhost:17271 (default: no such port)"},
    {"--durability", "extensions.store.durability",
     "When spans are acknowledged: fsync, os or memory (default fsync)"},
    {"--max-age", "extensions.store.retention.max_age",
     "Drop spans that are older, for example 720h (default: keep them)"},
    {"--max-bytes", "extensions.store.retention.max_bytes",
     "Drop the oldest spans while the data are larger, for example 50GiB (default: keep them)"},
};

void AddConfigOptions(CLI::App& app, Options* options) {
  app.add_option(
         "--config", options->configs,
         "Configuration: a file, file:PATH, env:NAME or yaml:TEXT; may be repeated, later ones win")
      ->type_name("SOURCE");
  app.add_option("--set", options->sets,
                 "Set one key, for example exporters.otlp.endpoint=host:4317")
      ->type_name("KEY=VALUE");
}

void AddServeOptions(CLI::App& app, Options* options) {
  for (const BuiltinFlag& flag : kBuiltinFlags) {
    app.add_option_function<std::string>(
           flag.name,
           [options, key = flag.key](const std::string& value) {
             options->sets.push_back(std::string(key) + "=" + value);
           },
           flag.help)
        ->excludes("--config");
  }
  app.add_flag_callback(
         "--tenants", [options] { options->sets.emplace_back("extensions.store.tenants=true"); },
         "Keep tenants apart; X-Scope-OrgID (header or gRPC metadata) names one on every request")
      ->excludes("--config");
  app.add_flag_callback(
         "--mcp", [options] { options->sets.emplace_back("extensions.query.mcp=true"); },
         "Language models may ask, by MCP at /api/mcp of --http")
      ->excludes("--config");
  app.add_flag_callback(
         "--exact-names",
         [options] { options->sets.emplace_back("extensions.query.exact_names=true"); },
         "An attribute is meant by the name that is asked for, not by its older and newer ones too")
      ->excludes("--config");
  app.add_option("--ready-file", options->ready_file,
                 "Write the addresses and the process id here, as JSON, once everything is served")
      ->type_name("FILE");
  app.add_option(
      "--memory-mib", options->memory_mib,
      "Ceiling for the memory of the process, 64 at least (default: four fifths of what a "
      "control group allows, else a quarter of the machine's)");
  app.add_option("--io-threads", options->io_threads,
                 "Threads for the network (default: one per processor)");
  app.add_flag("--verbose", options->verbose, "Log debug messages too");
}

bool IsAsked(const cli::Commands& commands) {
  return commands.query->parsed() || commands.trace->parsed() || commands.tail->parsed();
}

CLI::App* AddCompletionCommand(CLI::App& app, std::string* shell) {
  CLI::App* command =
      app.add_subcommand("completion", "Print a script by which a shell completes all of this");
  command->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer(
      "Examples:\n"
      "  source <(spandrel completion bash)\n"
      "  spandrel completion zsh > ~/.zfunc/_spandrel\n"
      "  spandrel completion fish > ~/.config/fish/completions/spandrel.fish");
  return command;
}

}  // namespace

ParsedOptions ParseOptions(int argc, char** argv) {
  ParsedOptions parsed;
  Options& options = parsed.options;
  CLI::App app(kDescription, "spandrel");
  app.footer(kFooter);
  app.set_version_flag("--version", "spandrel " SPANDREL_VERSION);
  app.require_subcommand(0, 1);
  AddConfigOptions(app, &options);
  AddServeOptions(app, &options);

  CLI::App* validate = app.add_subcommand("validate", "Check a configuration without starting it");
  AddConfigOptions(*validate, &options);
  CLI::App* components = app.add_subcommand("components", "List what a configuration may name");
  CLI::App* print =
      app.add_subcommand("print-config", "Print the configuration as it will be used");
  AddConfigOptions(*print, &options);
  print->add_option("--format", options.print_format, "yaml or json")
      ->check(CLI::IsMember({"yaml", "json"}))
      ->capture_default_str();
  CLI::App* metrics = app.add_subcommand("metrics", "Print what each metric counts, in Markdown");
  CLI::App* load = traffic::AddLoadCommand(app, &options.load);
  CLI::App* store = store_tool::AddStoreCommand(app, &options.store);
  const cli::Commands ask = cli::AddCommands(app, &options.ask);
  std::string shell;
  const CLI::App* completion = AddCompletionCommand(app, &shell);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    parsed.exit_now = true;
    parsed.exit_status = app.exit(error);
    const bool is_ours = IsAsked(ask) || completion->parsed();
    if (parsed.exit_status != 0 && is_ours) parsed.exit_status = cli::kFailed;
    return parsed;
  }
  if (!shell.empty()) {
    fmt::print("{}", cli::CompletionScript(app, shell));
    parsed.exit_now = true;
  }
  if (validate->parsed()) options.command = Command::kValidate;
  if (components->parsed()) options.command = Command::kComponents;
  if (print->parsed()) options.command = Command::kPrintConfig;
  if (metrics->parsed()) options.command = Command::kMetrics;
  if (load->parsed()) options.command = Command::kLoad;
  if (store->parsed()) options.command = Command::kStore;
  if (IsAsked(ask)) options.command = Command::kAsk;
  return parsed;
}

}  // namespace spandrel::server
