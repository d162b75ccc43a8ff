// SPDX-License-Identifier: Apache-2.0
#include "traffic/options.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <map>

namespace spandrel::traffic {
namespace {

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

void AddShapeOptions(CLI::App& load, LoadOptions* options) {
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
  load.add_option("--arrival", options->arrival,
                  "How traces come: whole, or in pieces, each request of one process, as batch "
                  "processors send them")
      ->type_name("NAME")
      ->default_str("whole")
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, Arrival>{{"whole", Arrival::kWhole},
                                                                 {"pieces", Arrival::kPieces}})
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

}  // namespace

CLI::App* AddLoadCommand(CLI::App& app, LoadOptions* options) {
  CLI::App& load = *app.add_subcommand("load", "Send generated spans to an OTLP/gRPC server");
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
  AddShapeOptions(load, options);
  load.add_option("--compression", options->compression, "gzip or zstd (default none)")
      ->check(CLI::IsMember({"gzip", "zstd"}));
  load.add_flag("--json", options->json, "Print the result as a line of JSON");
  return &load;
}

}  // namespace spandrel::traffic
