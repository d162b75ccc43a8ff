// SPDX-License-Identifier: Apache-2.0
#include "server/options.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <map>

namespace spandrel::server {
namespace {

constexpr const char* kDescription =
    "Spandrel: distributed tracing. Receives OTLP, stores it durably, answers Jaeger's APIs and\n"
    "shows a page. Without --config it is all of that in one process, on localhost.";
constexpr const char* kFooter =
    "Examples:\n"
    "  spandrel                                    collector, store, APIs and page\n"
    "  spandrel --data-dir /var/lib/spandrel       the same, with the data elsewhere\n"
    "  spandrel --config collector.yaml            exactly what an OpenTelemetry Collector file "
    "says\n"
    "  spandrel validate --config collector.yaml   say all that is wrong with it\n"
    "  spandrel load --spans 100000                send generated spans to localhost:4317\n"
    "  spandrel store stat ./spandrel-data         what a data directory holds";

// The flags of the all-in-one and the keys of the built-in configuration that they set.
struct BuiltinFlag {
  const char* name;
  const char* key;
  const char* help;
};
constexpr BuiltinFlag kBuiltinFlags[] = {
    {"--data-dir", "exporters.store.directory",
     "Directory of the stored data (default ./spandrel-data)"},
    {"--otlp-grpc", "receivers.otlp.protocols.grpc.endpoint",
     "HOST:PORT of OTLP/gRPC (default localhost:4317)"},
    {"--otlp-http", "receivers.otlp.protocols.http.endpoint",
     "HOST:PORT of OTLP/HTTP (default localhost:4318)"},
    {"--http", "extensions.query.endpoint",
     "HOST:PORT of the page and the APIs (default localhost:16686)"},
    {"--durability", "exporters.store.durability",
     "When spans are acknowledged: fsync, os or memory (default fsync)"},
    {"--max-age", "exporters.store.retention.max_age",
     "Drop spans that are older, for example 720h (default: keep them)"},
    {"--max-bytes", "exporters.store.retention.max_bytes",
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
  app.add_option("--ready-file", options->ready_file,
                 "Write the addresses and the process id here, as JSON, once everything is served")
      ->type_name("FILE");
  app.add_option("--memory-mib", options->memory_mib,
                 "Ceiling for requests held in memory (default: a quarter of the machine's memory, "
                 "256 to 2048)");
  app.add_option("--io-threads", options->io_threads,
                 "Threads for the network (default: one per processor)");
  app.add_flag("--verbose", options->verbose, "Log debug messages too");
}

// KEY=VALUE:COUNT; the value may hold further colons.
PlantedAttribute ParsePlanted(const std::string& text) {
  PlantedAttribute planted;
  const size_t equals = text.find('=');
  const size_t colon = text.rfind(':');
  const char* end = text.data() + text.size();
  const bool has_parts =
      equals != std::string::npos && colon != std::string::npos && equals < colon;
  if (equals == 0 || !has_parts ||
      std::from_chars(text.data() + colon + 1, end, planted.count).ptr != end)
    throw CLI::ValidationError("--plant", text + " is not KEY=VALUE:COUNT");
  planted.attribute = {text.substr(0, equals), text.substr(equals + 1, colon - equals - 1)};
  return planted;
}

void AddTrafficOptions(CLI::App& load, LoadOptions* options) {
  load.add_option("--shape", options->shape,
                  "What the spans are like: company (services of a company), tracegen (Jaeger's "
                  "generator), tracegen-random (its keys and values at random)")
      ->type_name("NAME")
      ->default_str("company")
      ->transform(CLI::CheckedTransformer(
                      std::map<std::string, Shape>{{"company", Shape::kCompany},
                                                   {"tracegen", Shape::kTracegen},
                                                   {"tracegen-random", Shape::kTracegenRandom}})
                      .description(""));
  load.add_option_function<uint64_t>(
          "--period",
          [options](const uint64_t& seconds) { options->period = std::chrono::seconds(seconds); },
          "Time that the spans' start times cover, ending now, such as 90s, 30m or 4h (default: "
          "they begin now, 6 us a span)")
      ->type_name("TIME")
      ->transform(CLI::AsNumberWithUnit(
          std::map<std::string, uint64_t>{{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}},
          CLI::AsNumberWithUnit::UNIT_REQUIRED, "TIME"));
  load.add_option_function<std::vector<std::string>>(
          "--plant",
          [options](const std::vector<std::string>& texts) {
            for (const std::string& text : texts) options->planted.push_back(ParsePlanted(text));
          },
          "Put an attribute on COUNT of the spans, at even distances; may be repeated")
      ->type_name("KEY=VALUE:COUNT");
  load.add_option("--seed", options->seed, "Seed of the generated data")->capture_default_str();
}

void AddLoadOptions(CLI::App& load, LoadOptions* options) {
  load.add_option("--endpoint", options->endpoint, "HOST:PORT of an OTLP/gRPC server")
      ->capture_default_str();
  load.add_option("--spans", options->spans, "Spans to send")->capture_default_str();
  load.add_option("--spans-per-request", options->spans_per_request, "Spans in one request")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  load.add_option("--rate", options->spans_per_second,
                  "Spans per second (0: as fast as acknowledged)")
      ->capture_default_str();
  load.add_option("--in-flight", options->requests_in_flight, "Requests under way at once")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  AddTrafficOptions(load, options);
  load.add_option("--compression", options->compression, "gzip or zstd (default none)")
      ->check(CLI::IsMember({"gzip", "zstd"}));
  load.add_flag("--json", options->json, "Print the result as a line of JSON");
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
  CLI::App* load = app.add_subcommand("load", "Send generated spans to an OTLP/gRPC server");
  AddLoadOptions(*load, &options.load);
  CLI::App* store = AddStoreCommand(app, &options.store);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    parsed.exit_now = true;
    parsed.exit_status = app.exit(error);
    return parsed;
  }
  if (validate->parsed()) options.command = Command::kValidate;
  if (components->parsed()) options.command = Command::kComponents;
  if (print->parsed()) options.command = Command::kPrintConfig;
  if (load->parsed()) options.command = Command::kLoad;
  if (store->parsed()) options.command = Command::kStore;
  return parsed;
}

}  // namespace spandrel::server
