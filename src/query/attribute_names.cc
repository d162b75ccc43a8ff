// SPDX-License-Identifier: Apache-2.0
#include "query/attribute_names.h"

#include <algorithm>
#include <unordered_map>
#include <variant>

namespace spandrel::query {
namespace {

// From open-telemetry/semantic-conventions 1.44.0: `schemas/1.44.0` (rename_attributes of spans,
// resources and all) and the notes at deprecated attributes in `model`. A row is names of one
// thing, newest first; a name in several rows has several meanings.
//
// Left out is what has other values under its new name, or only part of them: http.target (was
// split), http.flavor ("2.0" became "2"), net.transport ("ip_tcp" became "tcp"), code.function and
// rpc.service (are part of a longer name now), rpc.grpc.status_code, db.redis.database_index and
// messaging.kafka.destination.partition (ints that became texts), enduser.role (a text that became
// a list). Of db.system, rpc.system and messaging.operation a few values changed; most did not.
constexpr std::string_view kRows[] = {
    "http.request.method http.method",
    "http.response.status_code http.status_code",
    "http.request.resend_count http.resend_count http.retry_count",
    "http.request.body.size http.request_content_length",
    "http.response.body.size http.response_content_length",
    "url.full http.url",
    "url.scheme http.scheme",
    "user_agent.original http.user_agent browser.user_agent",
    "client.address http.client_ip",

    "server.address net.host.name http.server_name",
    "server.port net.host.port",
    // Of clients: on the spans of servers they were the client's.
    "server.address net.peer.name",
    "server.port net.peer.port",
    "network.peer.address net.sock.peer.addr net.peer.ip",
    "network.peer.port net.sock.peer.port",
    "network.local.address net.sock.host.addr net.host.ip",
    "network.local.port net.sock.host.port",
    "network.protocol.name net.protocol.name net.app.protocol.name messaging.protocol",
    ("network.protocol.version net.protocol.version net.app.protocol.version "
     "messaging.protocol_version"),
    "network.connection.type net.host.connection.type",
    "network.connection.subtype net.host.connection.subtype",
    "network.carrier.name net.host.carrier.name",
    "network.carrier.mcc net.host.carrier.mcc",
    "network.carrier.mnc net.host.carrier.mnc",
    "network.carrier.icc net.host.carrier.icc",
    "service.peer.name peer.service",

    "db.system.name db.system",
    "db.namespace db.name",
    "db.namespace db.cassandra.keyspace",
    "db.namespace db.hbase.namespace",
    "db.namespace db.elasticsearch.cluster.name",
    "db.operation.name db.operation",
    "db.query.text db.statement",
    "db.collection.name db.sql.table",
    "db.collection.name db.mongodb.collection",
    "db.collection.name db.cosmosdb.container",
    "db.collection.name db.cassandra.table",
    "cassandra.coordinator.dc db.cassandra.coordinator.dc",
    "cassandra.coordinator.id db.cassandra.coordinator.id",
    "cassandra.consistency.level db.cassandra.consistency_level",
    "cassandra.query.idempotent db.cassandra.idempotence",
    "cassandra.page.size db.cassandra.page_size",
    "cassandra.speculative_execution.count db.cassandra.speculative_execution_count",
    "elasticsearch.node.name db.elasticsearch.node.name",
    "azure.client.id db.cosmosdb.client_id",
    "azure.cosmosdb.connection.mode db.cosmosdb.connection_mode",
    "azure.cosmosdb.consistency.level db.cosmosdb.consistency_level",
    "azure.cosmosdb.operation.request_charge db.cosmosdb.request_charge",
    "azure.cosmosdb.operation.contacted_regions db.cosmosdb.regions_contacted",
    "azure.cosmosdb.request.body.size db.cosmosdb.request_content_length",
    "azure.cosmosdb.response.sub_status_code db.cosmosdb.sub_status_code",
    "azure.resource_provider.namespace az.namespace",
    "azure.service.request.id az.service_request_id",

    "messaging.client.id messaging.client_id",
    "messaging.client.id messaging.kafka.client_id",
    "messaging.client.id messaging.rocketmq.client_id",
    "messaging.consumer.id messaging.consumer_id",
    "messaging.consumer.group.name messaging.kafka.consumer.group messaging.kafka.consumer_group",
    "messaging.consumer.group.name messaging.eventhubs.consumer.group",
    "messaging.consumer.group.name messaging.rocketmq.client_group",
    "messaging.destination.name messaging.destination",
    "messaging.destination.temporary messaging.temp_destination",
    "messaging.destination.kind messaging.destination_kind",
    ("messaging.destination.subscription.name "
     "messaging.servicebus.destination.subscription_name"),
    "messaging.kafka.destination.partition messaging.kafka.partition",
    "messaging.kafka.message.key messaging.kafka.message_key",
    "messaging.kafka.message.tombstone messaging.kafka.tombstone",
    "messaging.kafka.offset messaging.kafka.message.offset",
    ("messaging.message.body.size messaging.message.payload_size_bytes "
     "messaging.message_payload_size_bytes"),
    ("messaging.message.payload_compressed_size_bytes "
     "messaging.message_payload_compressed_size_bytes"),
    "messaging.message.conversation_id messaging.conversation_id",
    "messaging.message.id messaging.message_id",
    "messaging.operation.type messaging.operation",
    "messaging.rabbitmq.destination.routing_key messaging.rabbitmq.routing_key",
    "messaging.rocketmq.message.keys messaging.rocketmq.message_keys",
    "messaging.rocketmq.message.tag messaging.rocketmq.message_tag",
    "messaging.rocketmq.message.type messaging.rocketmq.message_type",

    "rpc.system.name rpc.system",
    "rpc.message.type message.type",
    "rpc.message.id message.id",
    "rpc.message.compressed_size message.compressed_size",
    "rpc.message.uncompressed_size message.uncompressed_size",
    "jsonrpc.request.id rpc.jsonrpc.request_id",
    "jsonrpc.protocol.version rpc.jsonrpc.version",

    "gen_ai.provider.name gen_ai.system",
    "gen_ai.usage.input_tokens gen_ai.usage.prompt_tokens",
    "gen_ai.usage.output_tokens gen_ai.usage.completion_tokens",
    "gen_ai.request.seed gen_ai.openai.request.seed",
    "openai.request.service_tier gen_ai.openai.request.service_tier",
    "openai.response.service_tier gen_ai.openai.response.service_tier",
    "openai.response.system_fingerprint gen_ai.openai.response.system_fingerprint",

    "code.file.path code.filepath",
    "code.line.number code.lineno",
    "code.column.number code.column",
    "faas.invocation_id faas.execution",
    "cloud.resource_id faas.id",
    "feature_flag.provider.name feature_flag.provider_name",
    "feature_flag.result.reason feature_flag.evaluation.reason",
    "feature_flag.result.variant feature_flag.variant",
    "feature_flag.error.message feature_flag.evaluation.error.message",

    "deployment.environment.name deployment.environment",
    "container.runtime.name container.runtime",
    "telemetry.distro.version telemetry.auto.version",
    "otel.scope.name otel.library.name",
    "otel.scope.version otel.library.version",
    "process.executable.build_id.htlhash process.executable.build_id.profiling",
    "android.app.state android.state",
    "ios.app.state ios.state",
    "vcs.change.id vcs.repository.change.id",
    "vcs.change.title vcs.repository.change.title",
    "vcs.ref.head.name vcs.repository.ref.name",
    "vcs.ref.head.revision vcs.repository.ref.revision",
    "vcs.ref.head.type vcs.repository.ref.type",
};

using Names = std::unordered_map<std::string_view, std::vector<std::string>>;

std::vector<std::string_view> NamesIn(std::string_view row) {
  std::vector<std::string_view> names;
  while (!row.empty()) {
    const size_t end = std::min(row.find(' '), row.size());
    names.push_back(row.substr(0, end));
    row.remove_prefix(std::min(end + 1, row.size()));
  }
  return names;
}

Names MakeNames() {
  Names others;
  for (const std::string_view row : kRows) {
    const std::vector<std::string_view> names = NamesIn(row);
    for (const std::string_view name : names) {
      std::vector<std::string>& of_name = others[name];
      for (const std::string_view other : names) {
        if (other != name) of_name.emplace_back(other);
      }
    }
  }
  return others;
}

}  // namespace

const std::vector<std::string>& OtherNamesOf(std::string_view key) {
  static const auto& names = *new Names(MakeNames());
  static const auto& none = *new std::vector<std::string>();
  const auto found = names.find(key);
  return found == names.end() ? none : found->second;
}

void AddOtherNames(storage::Field* field) {
  auto* const attribute = std::get_if<storage::AttributeField>(field);
  if (attribute != nullptr) attribute->other_keys = OtherNamesOf(attribute->key);
}

void AddOtherNames(storage::FieldRef* field) {
  AddOtherNames(&field->field);
}

void AddOtherNames(storage::Predicate* predicate) {
  std::vector<storage::Predicate*> open = {predicate};
  while (!open.empty()) {
    storage::Predicate* const at = open.back();
    open.pop_back();
    AddOtherNames(&at->field);
    for (storage::Predicate& child : at->children) open.push_back(&child);
  }
}

void AddOtherNames(storage::Expression* expression) {
  expression->ChangeFields([](storage::FieldRef* field) { AddOtherNames(field); });
}

}  // namespace spandrel::query
