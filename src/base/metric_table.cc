// SPDX-License-Identifier: Apache-2.0
#include "base/metric_table.h"

#include <algorithm>

namespace spandrel::base {
namespace {

using enum MetricKind;
using enum MetricSeverity;

// Ordered by name. A name starts with `otelcol_` where the OpenTelemetry Collector has that metric,
// and is the Collector's; ours start with `spandrel_`, and its counters end with `_total`.
constexpr MetricEntry kTable[] = {
    {"otelcol_exporter_enqueue_failed_log_records", kCounter, kRefused, "exporter",
     "Log records refused because the sending queue was full or closed."},
    {"otelcol_exporter_enqueue_failed_metric_points", kCounter, kRefused, "exporter",
     "Data points refused because the sending queue was full or closed."},
    {"otelcol_exporter_enqueue_failed_spans", kCounter, kRefused, "exporter",
     "Spans refused because the sending queue was full or closed."},
    {"otelcol_exporter_in_flight_requests", kGauge, kNormal, "data_type,exporter",
     "Batches being sent now."},
    {"otelcol_exporter_queue_capacity", kGauge, kNormal, "data_type,exporter",
     "What fits into the sending queue, in units of its sizer."},
    {"otelcol_exporter_queue_size", kGauge, kNormal, "data_type,exporter",
     "What is in the sending queue, in units of its sizer."},
    {"otelcol_exporter_send_failed_log_records", kCounter, kFault, "exporter",
     "Log records that the destination has not taken, after all attempts."},
    {"otelcol_exporter_send_failed_metric_points", kCounter, kFault, "exporter",
     "Data points that the destination has not taken, after all attempts."},
    {"otelcol_exporter_send_failed_spans", kCounter, kFault, "exporter",
     "Spans that the destination has not taken, after all attempts."},
    {"otelcol_exporter_sent_log_records", kCounter, kNormal, "exporter",
     "Log records that the destination has taken."},
    {"otelcol_exporter_sent_metric_points", kCounter, kNormal, "exporter",
     "Data points that the destination has taken."},
    {"otelcol_exporter_sent_spans", kCounter, kNormal, "exporter",
     "Spans that the destination has taken."},
    {"otelcol_process_cpu_seconds", kCounter, kNormal, "", "CPU time used, user and system."},
    {"otelcol_process_memory_rss", kGauge, kNormal, "", "Bytes of the process in memory."},
    {"otelcol_processor_batch_batch_send_size_count", kCounter, kNormal, "processor",
     "Batches sent on."},
    {"otelcol_processor_batch_batch_send_size_sum", kCounter, kNormal, "processor",
     "Spans, data points and log records in the batches sent on."},
    {"otelcol_processor_batch_batch_size_trigger_send", kCounter, kNormal, "processor",
     "Batches sent on because they were full."},
    {"otelcol_processor_batch_metadata_cardinality", kGauge, kNormal, "data_type,processor",
     "Different origins of the batches that wait."},
    {"otelcol_processor_batch_timeout_trigger_send", kCounter, kNormal, "processor",
     "Batches sent on because their time was up."},
    {"otelcol_receiver_accepted_log_records", kCounter, kNormal, "receiver,transport",
     "Log records that the pipeline took."},
    {"otelcol_receiver_accepted_metric_points", kCounter, kNormal, "receiver,transport",
     "Data points that the pipeline took."},
    {"otelcol_receiver_accepted_spans", kCounter, kNormal, "receiver,transport",
     "Spans that the pipeline took."},
    {"otelcol_receiver_refused_log_records", kCounter, kRefused, "receiver,transport",
     "Log records that the pipeline did not take."},
    {"otelcol_receiver_refused_metric_points", kCounter, kRefused, "receiver,transport",
     "Data points that the pipeline did not take."},
    {"otelcol_receiver_refused_spans", kCounter, kRefused, "receiver,transport",
     "Spans that the pipeline did not take."},
    {"spandrel_api_cancelled_queries_total", kCounter, kRefused, "reason",
     "Queries that ended before their answer was out: past their `deadline`, `client_gone`, "
     "`slow_reader`, or the server is `stopping`."},
    {"spandrel_api_refused_requests_total", kCounter, kRefused, "reason",
     "Requests to the query APIs that were not run: no valid `tenant`, a tenant that the login "
     "does not allow (`other_tenant`), or too many waited already, of all (`busy`) or of the same "
     "user or address (`peer_busy`)."},
    {"spandrel_api_requests_total", kCounter, kNormal, "status",
     "Answers of the query APIs and the page over HTTP, by class of status."},
    {"spandrel_api_rpcs_total", kCounter, kNormal, "code",
     "Answers of the query APIs over gRPC, by status."},
    {"spandrel_endpoint_refused_requests_total", kCounter, kRefused, "server,reason",
     "Requests that a listener did not let in: for another `host`, by a page of another `origin`, "
     "`unauthenticated`, of a login that has not the `role`, too many logins at a time "
     "(`login_busy`), or too many wrong passwords of a user (`login_pace`)."},
    {"spandrel_exporter_dropped_log_records_total", kCounter, kLoss, "exporter,reason",
     "Log records that were acknowledged and lost; part of send_failed."},
    {"spandrel_exporter_dropped_metric_points_total", kCounter, kLoss, "exporter,reason",
     "Data points that were acknowledged and lost; part of send_failed."},
    {"spandrel_exporter_dropped_spans_total", kCounter, kLoss, "exporter,reason",
     "Spans that were acknowledged and lost; part of send_failed."},
    {"spandrel_exporter_rejected_log_records_total", kCounter, kLoss, "exporter",
     "Log records that the destination rejected of requests that it took; part of sent."},
    {"spandrel_exporter_rejected_metric_points_total", kCounter, kLoss, "exporter",
     "Data points that the destination rejected of requests that it took; part of sent."},
    {"spandrel_exporter_rejected_spans_total", kCounter, kLoss, "exporter",
     "Spans that the destination rejected of requests that it took; part of sent."},
    {"spandrel_exporter_untenanted_spans_total", kCounter, kRefused, "exporter",
     "Spans that name no tenant, which the store needs; the sender was told."},
    {"spandrel_grpc_refused_calls_total", kCounter, kRefused, "code",
     "gRPC calls of well-formed HTTP that were refused before a handler saw them, by status."},
    {"spandrel_intake_refused_requests_total", kCounter, kRefused, "reason",
     "Requests that were told to come back before anything was spent on them: what they brought "
     "would have been stored `late`, or the process was close to its ceiling of `memory`. One that "
     "was refused only once it was whole counts here too."},
    {"spandrel_memory_budget_limit_bytes", kGauge, kNormal, "share",
     "What a share of the memory may come to: `requests`, `heads`, `reads`, `answers`, "
     "`open_parts`; `process`: the ceiling of all of it."},
    {"spandrel_memory_budget_used_bytes", kGauge, kNormal, "share",
     "Bytes of a share that are in use; of `process`: in memory, as the system counts."},
    {"spandrel_memory_closings_total", kCounter, kFault, "",
     "Times that nothing was taken in for a while since the process was close to its ceiling."},
    {"spandrel_memory_releases_total", kCounter, kNormal, "",
     "Times that what is only kept to be quick was given back near the ceiling."},
    {"spandrel_net_aborted_requests_total", kCounter, kRefused, "server",
     "Requests whose client went away, or took them back, before they were answered."},
    {"spandrel_net_refused_requests_total", kCounter, kRefused, "server,reason",
     "Requests and connections that the transport refused, before a listener's own rules. "
     "`overload`: the listener takes nothing in now."},
    {"spandrel_processor_batch_dropped_items_total", kCounter, kFault, "processor,reason",
     "Spans, data points and log records that were dropped though their senders had been "
     "answered."},
    {"spandrel_processor_delayed_batches_total", kCounter, kRefused, "processor",
     "Batches that the sender was asked to send again, as there was no memory to edit them."},
    {"spandrel_processor_refused_edits_total", kCounter, kFault, "processor,of",
     "What was left as it was because an edit would have made it larger than it may be: spans, "
     "metrics and log records (`record`), or a resource or scope (`group`)."},
    {"spandrel_processor_unconverted_attributes_total", kCounter, kFault, "processor",
     "Attribute values left as they were because they cannot become what `convert` wants."},
    {"spandrel_receiver_refused_requests_total", kCounter, kRefused, "receiver,transport,reason",
     "Export requests refused before their items were known: `malformed`, `too_large`, "
     "`unsupported`, no name of a `tenant` or one that the login does not allow, a tenant beyond "
     "its limits (`tenant_rate`), or no memory (`overload`)."},
    {"spandrel_receiver_rejected_log_records_total", kCounter, kLoss, "receiver,transport,reason",
     "Log records that can never be taken, reported to the sender as a partial success."},
    {"spandrel_receiver_rejected_metric_points_total", kCounter, kLoss, "receiver,transport,reason",
     "Data points that can never be taken, reported to the sender as a partial success."},
    {"spandrel_receiver_rejected_spans_total", kCounter, kLoss, "receiver,transport,reason",
     "Spans that can never be taken, reported to the sender as a partial success."},
    {"spandrel_store_damaged_log_bytes_total", kCounter, kLoss, "",
     "Bytes of the log that were damaged and could not be replayed."},
    {"spandrel_store_damaged_log_places_total", kCounter, kLoss, "",
     "Places in the log that were damaged and skipped."},
    {"spandrel_store_damaged_manifests_total", kCounter, kFault, "",
     "Manifests that were damaged and made again from the parts that are there."},
    {"spandrel_store_disk_bytes", kGauge, kNormal, "directory", "Bytes of parts and log files."},
    {"spandrel_store_durability", kGauge, kNormal, "directory,mode",
     "When a span is acknowledged: 1 at the mode that is set."},
    {"spandrel_store_expired_spans_total", kCounter, kNormal, "reason",
     "Spans dropped by retention, as configured: by `age`, `bytes`, `free_disk` or `policy`."},
    {"spandrel_store_free_disk_bytes", kGauge, kNormal, "directory",
     "Bytes that are free where the store is."},
    {"spandrel_store_head_bytes", kGauge, kNormal, "directory",
     "Bytes in memory that are not sealed yet."},
    {"spandrel_store_head_spans", kGauge, kNormal, "directory",
     "Spans in memory that are not sealed yet."},
    {"spandrel_store_log_bytes", kGauge, kNormal, "directory", "Bytes of log files."},
    {"spandrel_store_log_failures_total", kCounter, kFault, "",
     "Writes or syncs of the log that failed; each closed its file."},
    {"spandrel_store_log_syncs_total", kCounter, kNormal, "", "Syncs of the log."},
    {"spandrel_store_log_written_bytes_total", kCounter, kNormal, "", "Bytes written to the log."},
    {"spandrel_store_maintenance_failures_total", kCounter, kFault, "",
     "Seals, merges and removals that failed and are tried again."},
    {"spandrel_store_max_age_seconds", kGauge, kNormal, "directory",
     "Retention: spans may be so old; 0: no limit."},
    {"spandrel_store_max_bytes", kGauge, kNormal, "directory",
     "Retention: parts may be so large; 0: no limit."},
    {"spandrel_store_mended_log_bits_total", kCounter, kNormal, "",
     "Wrong bits of log files that were found at a start, and turned back."},
    {"spandrel_store_mended_pages_total", kCounter, kNormal, "",
     "Damaged pages of 4 KiB of parts that were mended, and written back."},
    {"spandrel_store_merges_total", kCounter, kNormal, "", "Merges of parts."},
    {"spandrel_store_min_free_bytes", kGauge, kNormal, "directory",
     "Retention: so much of the disk is kept free."},
    {"spandrel_store_missing_log_requests_total", kCounter, kLoss, "",
     "Acknowledged requests that a later log file says were before it, and are not."},
    {"spandrel_store_newest_start_seconds", kGauge, kNormal, "directory",
     "Start of the newest span in a part, since 1970; 0: none."},
    {"spandrel_store_oldest_start_seconds", kGauge, kNormal, "directory",
     "Start of the oldest span in a part, since 1970; 0: none."},
    {"spandrel_store_part_bytes", kGauge, kNormal, "directory", "Bytes of sealed parts."},
    {"spandrel_store_part_spans", kGauge, kNormal, "directory", "Spans in sealed parts."},
    {"spandrel_store_parts", kGauge, kNormal, "directory", "Sealed parts."},
    {"spandrel_store_policy_traces_total", kCounter, kNormal, "outcome",
     "Traces of parts that retention by policy went through: `dropped`, or why they were kept."},
    {"spandrel_store_quarantined_parts_total", kCounter, kLoss, "",
     "Damaged parts that were moved to quarantine."},
    {"spandrel_store_refused_spans_total", kCounter, kRefused, "reason",
     "Spans that the store refused: the `log` could not be written, it was `late`, or too much was "
     "`unsealed`."},
    {"spandrel_store_resent_spans_total", kCounter, kNormal, "",
     "Spans that were stored already, with the same content."},
    {"spandrel_store_scrubbed_bytes_total", kCounter, kNormal, "",
     "Bytes of parts that were read through to find damage."},
    {"spandrel_store_seals_total", kCounter, kNormal, "", "Heads that were sealed into parts."},
    {"spandrel_store_spans", kGauge, kNormal, "directory", "Spans in the store."},
    {"spandrel_store_stored_spans_total", kCounter, kNormal, "", "Spans that were stored."},
    {"spandrel_store_unreadable_spans_total", kCounter, kLoss, "",
     "Spans that turned out to be damaged on disk; each is counted once, until the next start."},
};

constexpr bool ByName(const MetricEntry& a, const MetricEntry& b) {
  return a.name < b.name;
}
static_assert(std::adjacent_find(std::begin(kTable), std::end(kTable),
                                 [](const MetricEntry& a, const MetricEntry& b) {
                                   return !ByName(a, b);
                                 }) == std::end(kTable),
              "every name once, in order");

std::string LabelsCell(std::string_view labels) {
  std::string cell;
  while (!labels.empty()) {
    const std::string_view label = labels.substr(0, labels.find(','));
    labels.remove_prefix(std::min(labels.size(), label.size() + 1));
    if (!cell.empty()) cell += ", ";
    cell.append("`").append(label).append("`");
  }
  return cell;
}

void AppendRow(std::initializer_list<std::string_view> cells, std::string* page) {
  *page += '|';
  for (const std::string_view cell : cells)
    page->append(cell.empty() ? "" : " ").append(cell).append(" |");
  *page += '\n';
}

constexpr std::string_view kPageHead = R"(# Metrics

What `/metrics` says: on the port of the page, and on the port of `service::telemetry::metrics` of a configuration. This page is what
`spandrel metrics` prints. Names that start with `otelcol_` are those of the OpenTelemetry Collector. All figures are of this
process since its start; a metric is there when the component that has it runs.

| severity | when it is not zero, or grows |
|---|---|
| `normal` | work, sizes and settings |
| `refused` | something was not taken; who sent it was told, and still has it or has to mend it |
| `fault` | something failed here or at the other end, and was tried again or got around: look at the log of the process |
| `loss` | data is gone: acknowledged and not there any more, or never to be sent again |

| metric | kind | severity | labels | what it counts |
|---|---|---|---|---|
)";

}  // namespace

MetricEntries MetricTable() {
  return kTable;
}

const MetricEntry* FindMetric(MetricEntries table, std::string_view name) {
  const auto found = std::lower_bound(table.begin(), table.end(), MetricEntry{name}, ByName);
  return found != table.end() && found->name == name ? &*found : nullptr;
}

std::string_view MetricKindName(MetricKind kind) {
  return kind == kCounter ? "counter" : "gauge";
}

std::string_view MetricSeverityName(MetricSeverity severity) {
  static constexpr std::string_view kNames[] = {"normal", "refused", "fault", "loss"};
  return kNames[static_cast<size_t>(severity)];
}

std::string MetricPage(MetricEntries table) {
  std::string page(kPageHead);
  for (const MetricEntry& entry : table) {
    const std::string name = "`" + std::string(entry.name) + "`";
    AppendRow({name, MetricKindName(entry.kind), MetricSeverityName(entry.severity),
               LabelsCell(entry.labels), entry.help},
              &page);
  }
  return page;
}

}  // namespace spandrel::base
