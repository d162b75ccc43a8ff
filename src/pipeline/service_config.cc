// SPDX-License-Identifier: Apache-2.0
#include "pipeline/service_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "config/decode.h"
#include "config/render.h"
#include "config/words.h"
#include "pipeline/component_id.h"
#include "pipeline/service_checks.h"
#include "pipeline/upstream_components.h"

namespace spandrel::pipeline {
namespace {

using config::Decoder;
using config::Node;
using config::NodeEntry;
using config::NodeKind;
using config::Problems;
using config::Quote;
using signal::Signal;

const Node* FindValue(const Node& mapping, std::string_view key) {
  const NodeEntry* entry = mapping.Find(key);
  return entry == nullptr || entry->value.is_null() ? nullptr : &entry->value;
}

// Every type and alias that the factories of each kind make.
using KnownTypes = std::map<ComponentKind, std::vector<std::string>>;

template <typename Factory>
std::vector<std::string> TypesOf(const std::vector<Factory>& factories) {
  std::vector<std::string> types;
  for (const Factory& factory : factories) {
    types.push_back(factory.info.type);
    types.insert(types.end(), factory.info.aliases.begin(), factory.info.aliases.end());
  }
  return types;
}

bool Contains(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Why there is no factory for a type.
std::string ExplainType(ComponentKind kind, const std::string& type, const KnownTypes& known) {
  if (const auto instead = FindUpstreamComponent(kind, type)) {
    std::string message =
        fmt::format("known {} {}, not supported by Spandrel", ComponentKindName(kind), Quote(type));
    if (!instead->empty()) message += fmt::format(": {}", *instead);
    return message;
  }
  std::string message = fmt::format("unknown {} {}", ComponentKindName(kind), Quote(type));
  for (const ComponentKind other : kAllComponentKinds) {
    const auto types = known.find(other);
    const bool is_made = types != known.end() && Contains(types->second, type);
    if (!is_made && !FindUpstreamComponent(other, type)) continue;
    return message +
           fmt::format(
               "; {} is {} {}", Quote(type),
               other == ComponentKind::kExporter || other == ComponentKind::kExtension ? "an" : "a",
               ComponentKindName(other));
  }
  const auto types = known.find(kind);
  if (types == known.end() || types->second.empty()) return message;
  const std::string hint = config::DidYouMean(type, types->second);
  return message +
         (hint.empty() ? "; known here: " + config::JoinWords(types->second, ", ") : hint);
}

uint64_t HashOf(const Node& node) {
  return std::hash<std::string>()(
      config::RenderJson(node, {.is_compact = true, .is_redacted = false}));
}

// Reads one document into a ServiceConfig.
class Reader {
 public:
  Reader(const Node& root, const Factories& factories, Problems* problems)
      : root_(root), factories_(factories), problems_(problems) {
    known_ = {{ComponentKind::kReceiver, TypesOf(factories.receivers)},
              {ComponentKind::kProcessor, TypesOf(factories.processors)},
              {ComponentKind::kExporter, TypesOf(factories.exporters)},
              {ComponentKind::kConnector, TypesOf(factories.connectors)},
              {ComponentKind::kExtension, TypesOf(factories.extensions)}};
  }

  ServiceConfig Read() {
    {
      Decoder top(root_, problems_);
      for (const char* key :
           {"receivers", "processors", "exporters", "connectors", "extensions", "service"}) {
        top.Ignore(key);
      }
    }
    service_.receivers = ReadComponents(ComponentKind::kReceiver, factories_.receivers);
    service_.processors = ReadComponents(ComponentKind::kProcessor, factories_.processors);
    service_.exporters = ReadComponents(ComponentKind::kExporter, factories_.exporters);
    service_.connectors = ReadComponents(ComponentKind::kConnector, factories_.connectors);
    service_.extensions = ReadComponents(ComponentKind::kExtension, factories_.extensions);
    RequireFilled("receivers");
    RequireFilled("exporters");
    CheckConnectorIds(service_, problems_);
    ReadService();
    CheckConnectors(service_, factories_, references_, problems_);
    CheckExtensionUses(service_, factories_, problems_);
    CheckAddresses(service_, problems_);
    CheckDirectories(service_, problems_);
    return std::move(service_);
  }

 private:
  void Report(const config::Location& where, std::string path, std::string message,
              bool is_warning = false) {
    problems_->Add({where, std::move(path), std::move(message), is_warning});
  }

  void RequireFilled(const std::string& section) {
    const Node* node = FindValue(root_, section);
    if (node != nullptr && (!node->is_mapping() || !node->entries.empty())) return;
    const NodeEntry* entry = root_.Find(section);
    Report(entry == nullptr ? root_.where : entry->key_where, section,
           "a configuration needs at least one");
  }

  template <typename Factory>
  std::vector<ComponentConfig> ReadComponents(ComponentKind kind,
                                              const std::vector<Factory>& factories) {
    const std::string section = std::string(ComponentKindName(kind)) + "s";
    std::vector<ComponentConfig> components;
    const Node* node = FindValue(root_, section);
    if (node == nullptr) return components;
    if (!node->is_mapping()) {
      Report(node->where, section, "expected a mapping of components");
      return components;
    }
    std::set<std::string>& defined = defined_[kind];
    for (const NodeEntry& entry : node->entries) {
      const auto id = ParseComponentId(entry.key);
      if (!id.ok()) {
        Report(entry.key_where, section, id.status().message());
      } else if (!defined.insert(id->ToString()).second) {
        Report(entry.key_where, section, fmt::format("{} is defined twice", Quote(id->ToString())));
      } else {
        ReadComponent(kind, *id, entry, factories, &components);
      }
    }
    return components;
  }

  template <typename Factory>
  void ReadComponent(ComponentKind kind, const ComponentId& id, const NodeEntry& entry,
                     const std::vector<Factory>& factories,
                     std::vector<ComponentConfig>* components) {
    const std::string section = std::string(ComponentKindName(kind)) + "s";
    const Factory* factory = FindFactory(factories, id.type);
    if (factory == nullptr) {
      return Report(entry.key_where, section, ExplainType(kind, id.type, known_));
    }
    Decoder decoder(entry.value, problems_, section + "::" + id.ToString());
    components->push_back(
        {id.ToString(), id.type, factory->decode(decoder), entry.key_where, HashOf(entry.value)});
  }

  void ReadService() {
    const Node* node = FindValue(root_, "service");
    if (node == nullptr || !node->is_mapping()) {
      return Report(node == nullptr ? root_.where : node->where, "service",
                    "expected a mapping with the key 'pipelines'");
    }
    Decoder service(*node, problems_, "service");
    service.Ignore("pipelines");
    service.Ignore("extensions");
    service_.telemetry =
        DecodeTelemetry(service.Child("telemetry"), factories_.decode_metrics_listener);
    if (const Node* extensions = FindValue(*node, "extensions")) {
      service_.service_extensions =
          ReadReferences(*extensions, "service::extensions", ComponentKind::kExtension);
    }
    ReadPipelines(*node);
  }

  void ReadPipelines(const Node& service) {
    const Node* pipelines = FindValue(service, "pipelines");
    if (pipelines == nullptr || !pipelines->is_mapping() || pipelines->entries.empty()) {
      return Report(pipelines == nullptr ? service.where : pipelines->where, "service::pipelines",
                    "a service needs at least one pipeline");
    }
    std::set<std::string> ids;
    for (const NodeEntry& entry : pipelines->entries) {
      const auto id = ParseComponentId(entry.key);
      if (!id.ok()) {
        Report(entry.key_where, "service::pipelines", id.status().message());
      } else if (!ids.insert(id->ToString()).second) {
        Report(entry.key_where, "service::pipelines",
               fmt::format("{} is defined twice", Quote(id->ToString())));
      } else if (const auto signal = ReadSignal(*id, entry)) {
        ReadPipeline(*id, *signal, entry);
      }
    }
  }

  std::optional<Signal> ReadSignal(const ComponentId& id, const NodeEntry& entry) {
    if (const auto signal = signal::FindSignal(id.type)) return signal;
    std::string message =
        id.type == "profiles"
            ? std::string("Spandrel handles traces, metrics and logs; remove the profiles pipeline")
            : fmt::format("unknown signal {}{}", Quote(id.type),
                          config::DidYouMean(id.type, {"traces", "metrics", "logs"}));
    Report(entry.key_where, "service::pipelines::" + id.ToString(), std::move(message));
    return std::nullopt;
  }

  void ReadPipeline(const ComponentId& id, Signal signal, const NodeEntry& entry) {
    const std::string path = "service::pipelines::" + id.ToString();
    {
      Decoder decoder(entry.value, problems_, path);
      for (const char* key : {"receivers", "processors", "exporters"}) decoder.Ignore(key);
    }
    service_.pipelines.push_back({id.ToString(), signal, {}, {}, {}});
    PipelineConfig pipeline = service_.pipelines.back();
    pipeline.receivers = ReadStage(entry, path, ComponentKind::kReceiver);
    pipeline.processors = ReadStage(entry, path, ComponentKind::kProcessor);
    pipeline.exporters = ReadStage(entry, path, ComponentKind::kExporter);
    service_.pipelines.back() = std::move(pipeline);
  }

  std::vector<std::string> ReadStage(const NodeEntry& pipeline, const std::string& path,
                                     ComponentKind kind) {
    const std::string key = std::string(ComponentKindName(kind)) + "s";
    const Node* list = FindValue(pipeline.value, key);
    const bool is_empty = list == nullptr || (list->is_sequence() && list->items.empty());
    if (is_empty && kind != ComponentKind::kProcessor) {
      Report(pipeline.key_where, path,
             fmt::format("a pipeline needs at least one {}", ComponentKindName(kind)));
    }
    if (is_empty) return {};
    return ReadReferences(*list, path + "::" + key, kind);
  }

  // A list of ids, or one string with commas.
  std::vector<std::string> ReadReferences(const Node& list, const std::string& path,
                                          ComponentKind kind) {
    std::vector<std::string> ids;
    if (list.kind == NodeKind::kString) {
      size_t begin = 0;
      while (begin <= list.text.size()) {
        const size_t end = std::min(list.text.find(',', begin), list.text.size());
        ReadReference(list.text.substr(begin, end - begin), list.where, path, kind, &ids);
        begin = end + 1;
      }
      return ids;
    }
    if (!list.is_sequence()) {
      Report(list.where, path, "expected a list of component ids");
      return ids;
    }
    for (const Node& item : list.items) {
      if (item.kind == NodeKind::kString) {
        ReadReference(item.text, item.where, path, kind, &ids);
      } else {
        Report(item.where, path, "expected a component id");
      }
    }
    return ids;
  }

  void ReadReference(const std::string& text, const config::Location& where,
                     const std::string& path, ComponentKind kind, std::vector<std::string>* ids) {
    const auto id = ParseComponentId(text);
    if (!id.ok()) return Report(where, path, id.status().message());
    const std::string word = id->ToString();
    const std::string_view kind_name = ComponentKindName(kind);
    if (Contains(*ids, word)) {
      const bool is_error = kind == ComponentKind::kProcessor;
      return Report(where, path, fmt::format("{} {} is listed twice", kind_name, Quote(word)),
                    !is_error);
    }
    ids->push_back(word);
    if (CheckDefined(kind, word, where, path)) CheckServes(kind, *id, word, where, path);
  }

  bool CheckDefined(ComponentKind kind, const std::string& word, const config::Location& where,
                    const std::string& path) {
    const std::set<std::string>& defined = defined_[kind];
    const bool is_end = kind == ComponentKind::kReceiver || kind == ComponentKind::kExporter;
    const bool is_connector = is_end && defined_[ComponentKind::kConnector].contains(word);
    if (defined.contains(word)) return true;
    if (is_connector) {
      references_.push_back({service_.pipelines.size() - 1, kind, word, where, path});
      return false;
    }
    std::vector<std::string> candidates(defined.begin(), defined.end());
    if (is_end) {
      const auto& connectors = defined_[ComponentKind::kConnector];
      candidates.insert(candidates.end(), connectors.begin(), connectors.end());
    }
    Report(where, path,
           fmt::format("{} {} is not defined under {}s{}", ComponentKindName(kind), Quote(word),
                       ComponentKindName(kind), config::DidYouMean(word, candidates)));
    return false;
  }

  // Whether the component takes or gives the signal of the pipeline that is being read.
  void CheckServes(ComponentKind kind, const ComponentId& id, const std::string& word,
                   const config::Location& where, const std::string& path) {
    if (kind == ComponentKind::kExtension) return;
    const Signal signal = service_.pipelines.back().signal;
    const auto serves = [&](const auto* factory) {
      return factory == nullptr || factory->Serves(signal);  // null was reported
    };
    const bool is_served =
        kind == ComponentKind::kReceiver    ? serves(FindFactory(factories_.receivers, id.type))
        : kind == ComponentKind::kProcessor ? serves(FindFactory(factories_.processors, id.type))
                                            : serves(FindFactory(factories_.exporters, id.type));
    if (is_served) return;
    Report(where, path,
           fmt::format("{} {} does not handle {}", ComponentKindName(kind), Quote(word),
                       signal::SignalName(signal)));
  }

  const Node& root_;
  const Factories& factories_;
  Problems* const problems_;
  KnownTypes known_;
  std::map<ComponentKind, std::set<std::string>> defined_;
  std::vector<ConnectorReference> references_;
  ServiceConfig service_;
};

}  // namespace

LoadResult ReadServiceConfig(config::Document document, const Factories& factories,
                             Problems* problems) {
  ServiceConfig service = Reader(document.root, factories, problems).Read();
  problems->SortByPlace();
  if (problems->has_errors()) {
    return base::Status(base::StatusCode::kInvalidArgument, "the configuration has errors");
  }
  service.document = std::move(document);
  return service;
}

LoadResult Load(const std::vector<config::Source>& sources, const std::vector<std::string>& sets,
                const Factories& factories, Problems* problems) {
  auto document = config::Load(sources, sets, config::ProcessEnvironment(), problems);
  if (!document.ok()) {
    problems->SortByPlace();
    return document.status();
  }
  return ReadServiceConfig(std::move(*document), factories, problems);
}

LoadResult Load(const std::vector<std::string>& config_uris, const std::vector<std::string>& sets,
                const Factories& factories, Problems* problems) {
  std::vector<config::Source> sources;
  sources.reserve(config_uris.size());
  for (const std::string& uri : config_uris) sources.push_back({uri, std::nullopt});
  return Load(sources, sets, factories, problems);
}

}  // namespace spandrel::pipeline
