// SPDX-License-Identifier: Apache-2.0
#include "pipeline/service_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/canonical_path.h"
#include "config/words.h"
#include "pipeline/component_id.h"
#include "pipeline/graph/extension_order.h"
#include "pipeline/graph/pipeline_order.h"

namespace spandrel::pipeline {
namespace {

using config::Problems;
using config::Quote;
using signal::Signal;

std::vector<Signal> SignalsOf(const ServiceConfig& service,
                              const std::vector<ConnectorReference>& references,
                              const std::string& connector, ComponentKind list) {
  std::vector<Signal> signals;
  for (const ConnectorReference& reference : references) {
    if (reference.id == connector && reference.list == list) {
      signals.push_back(service.pipelines[reference.pipeline].signal);
    }
  }
  return signals;
}

std::string JoinSignals(const std::vector<Signal>& signals) {
  std::vector<std::string> names;
  for (const Signal signal : std::set<Signal>(signals.begin(), signals.end())) {
    names.emplace_back(signal::SignalName(signal));
  }
  return config::JoinWords(names, " or ");
}

// Checks the references to one connector.
class ConnectorCheck {
 public:
  ConnectorCheck(const ServiceConfig& service, const ConnectorFactory& factory,
                 const std::vector<ConnectorReference>& references, const std::string& id)
      : service_(service),
        factory_(factory),
        references_(references),
        id_(id),
        from_(SignalsOf(service, references, id, ComponentKind::kExporter)),
        to_(SignalsOf(service, references, id, ComponentKind::kReceiver)) {}

  void Run(Problems* problems) const {
    for (const ConnectorReference& reference : references_) {
      if (reference.id != id_) continue;
      std::string problem = ProblemOf(reference);
      if (problem.empty()) continue;
      problems->Add({reference.where, reference.path, std::move(problem), false});
      return;
    }
  }

 private:
  std::string ProblemOf(const ConnectorReference& reference) const {
    const bool is_from = reference.list == ComponentKind::kExporter;
    const std::vector<Signal>& others = is_from ? to_ : from_;
    if (others.empty()) {
      return fmt::format("connector {} is {} here, but no pipeline has it among its {}", Quote(id_),
                         is_from ? "an exporter" : "a receiver",
                         is_from ? "receivers" : "exporters");
    }
    const Signal signal = service_.pipelines[reference.pipeline].signal;
    for (const Signal other : others) {
      if (is_from ? factory_.create.Serves(signal, other) : factory_.create.Serves(other, signal)) {
        return "";
      }
    }
    const std::string name(signal::SignalName(signal));
    return fmt::format("connector {} does not make {} of {}", Quote(id_),
                       is_from ? JoinSignals(others) : name, is_from ? name : JoinSignals(others));
  }

  const ServiceConfig& service_;
  const ConnectorFactory& factory_;
  const std::vector<ConnectorReference>& references_;
  const std::string& id_;
  const std::vector<Signal> from_;  // of the pipelines that end in it
  const std::vector<Signal> to_;    // of those that begin with it
};

// "traces/a -> forward -> traces/b -> forward/2 -> traces/a".
std::string PathOf(const ServiceConfig& service, const std::vector<PipelineEdge>& cycle) {
  std::string path = service.pipelines[cycle.front().from].id;
  for (const PipelineEdge& edge : cycle) {
    path += fmt::format(" -> {} -> {}", edge.connector, service.pipelines[edge.to].id);
  }
  return path;
}

void CheckCycle(const ServiceConfig& service, const Factories& factories,
                const std::vector<ConnectorReference>& references, Problems* problems) {
  const auto edges = ConnectPipelines(service.pipelines, service.connectors, factories.connectors);
  const auto cycle = OrderPipelines(service.pipelines.size(), edges).cycle;
  if (cycle.empty()) return;
  const PipelineEdge& first = cycle.front();
  for (const ConnectorReference& reference : references) {
    if (reference.pipeline != first.from || reference.id != first.connector ||
        reference.list != ComponentKind::kExporter) {
      continue;
    }
    return problems->Add({reference.where, reference.path,
                          "the pipelines go round: " + PathOf(service, cycle), false});
  }
}

// A component that the service runs, for messages.
struct UsedComponent {
  const ComponentConfig* component;
  std::string_view kind;  // "receiver"
};

std::vector<UsedComponent> UsedComponents(const ServiceConfig& service) {
  std::vector<UsedComponent> used;
  std::set<const ComponentConfig*> seen;
  const auto add = [&](const std::vector<ComponentConfig>& components,
                       const std::vector<std::string>& ids, std::string_view kind) {
    for (const std::string& id : ids) {
      const ComponentConfig* component = FindComponent(components, id);
      if (component == nullptr || component->config == nullptr) continue;
      if (seen.insert(component).second) used.push_back({component, kind});
    }
  };
  add(service.extensions, service.service_extensions, "extension");
  for (const PipelineConfig& pipeline : service.pipelines) {
    add(service.receivers, pipeline.receivers, "receiver");
    add(service.processors, pipeline.processors, "processor");
    add(service.exporters, pipeline.exporters, "exporter");
    add(service.connectors, pipeline.exporters, "connector");
  }
  return used;
}

std::string ProblemOfUse(const ServiceConfig& service, const Factories& factories,
                         const ExtensionUse& use) {
  const ComponentConfig* extension = FindComponent(service.extensions, use.id);
  if (extension == nullptr) {
    std::vector<std::string> known;
    for (const ComponentConfig& other : service.extensions) known.push_back(other.id);
    return fmt::format("extension {} is not defined under extensions{}", Quote(use.id),
                       config::DidYouMean(use.id, known));
  }
  const ExtensionFactory* factory = FindFactory(factories.extensions, extension->type);
  const auto& provides = factory->provides;
  if (std::find(provides.begin(), provides.end(), use.interface_name) == provides.end()) {
    return fmt::format("extension {} is not a {}", Quote(use.id), use.interface_name);
  }
  if (extension->config != nullptr) {
    const std::string_view lacks = extension->config->lacks(use.interface_name);
    if (!lacks.empty()) {
      return fmt::format("extension {} is not a {}: {}", Quote(use.id), use.interface_name, lacks);
    }
  }
  const auto& running = service.service_extensions;
  if (std::find(running.begin(), running.end(), use.id) == running.end()) {
    return fmt::format("extension {} is not listed under service::extensions", Quote(use.id));
  }
  return "";
}

void CheckUsesEnd(const ServiceConfig& service, Problems* problems) {
  const auto cycle = OrderExtensions(service).cycle;
  if (cycle.empty()) return;
  std::string path = cycle.back().id;
  for (const ExtensionUse& use : cycle) path += " -> " + use.id;
  problems->Add({cycle.front().where, cycle.front().path,
                 "the extensions use one another in a circle: " + path, false});
}

bool IsAnyHost(const std::string& host) {
  return host.empty() || host == "0.0.0.0" || host == "::";
}

std::string PlainHost(const std::string& host) {
  return host == "localhost" || host == "::1" ? "127.0.0.1" : host;
}

bool Collide(const ListenAddress& a, const ListenAddress& b) {
  if (a.port == 0 || a.port != b.port || a.protocol != b.protocol) return false;
  return IsAnyHost(a.host) || IsAnyHost(b.host) || PlainHost(a.host) == PlainHost(b.host);
}

}  // namespace

void CheckConnectorIds(const ServiceConfig& service, Problems* problems) {
  for (const ComponentConfig& connector : service.connectors) {
    const bool is_receiver = FindComponent(service.receivers, connector.id) != nullptr;
    if (!is_receiver && FindComponent(service.exporters, connector.id) == nullptr) continue;
    problems->Add({connector.where, "connectors",
                   fmt::format("{} is also the id of {}; ids of connectors stand for themselves",
                               Quote(connector.id), is_receiver ? "a receiver" : "an exporter"),
                   false});
  }
}

void CheckConnectors(const ServiceConfig& service, const Factories& factories,
                     const std::vector<ConnectorReference>& references, Problems* problems) {
  for (const ComponentConfig& connector : service.connectors) {
    const ConnectorFactory* factory = FindFactory(factories.connectors, connector.type);
    ConnectorCheck(service, *factory, references, connector.id).Run(problems);
  }
  CheckCycle(service, factories, references, problems);
}

void CheckExtensionUses(const ServiceConfig& service, const Factories& factories,
                        Problems* problems) {
  for (const UsedComponent& used : UsedComponents(service)) {
    for (const ExtensionUse& use : used.component->config->extension_uses()) {
      std::string problem = ProblemOfUse(service, factories, use);
      if (!problem.empty()) problems->Add({use.where, use.path, std::move(problem), false});
    }
  }
  CheckUsesEnd(service, problems);
}

void CheckAddresses(const ServiceConfig& service, Problems* problems) {
  struct Taken {
    ListenAddress address;
    UsedComponent by;
  };
  std::vector<Taken> taken;
  for (const UsedComponent& used : UsedComponents(service)) {
    for (const ListenAddress& address : used.component->config->listens()) {
      const auto other = std::find_if(taken.begin(), taken.end(), [&](const Taken& it) {
        return Collide(it.address, address);
      });
      if (other != taken.end()) {
        problems->Add({used.component->where, fmt::format("{}s::{}", used.kind, used.component->id),
                       fmt::format("port {} is also that of {} {}", address.port, other->by.kind,
                                   Quote(other->by.component->id)),
                       false});
      }
      taken.push_back({address, used});
    }
  }
}

void CheckDirectories(const ServiceConfig& service, Problems* problems) {
  std::map<std::string, UsedComponent> held;
  for (const UsedComponent& used : UsedComponents(service)) {
    for (const HeldDirectory& it : used.component->config->directories()) {
      const auto [other, is_free] = held.emplace(base::CanonicalPath(it.directory), used);
      if (is_free) continue;
      problems->Add({it.where, it.path,
                     fmt::format("directory {} is also that of {} {}", Quote(it.directory),
                                 other->second.kind, Quote(other->second.component->id)),
                     false});
    }
  }
}

}  // namespace spandrel::pipeline
