// SPDX-License-Identifier: Apache-2.0
#include "pipeline/describe.h"

#include <fmt/format.h>

#include <utility>

#include "config/render.h"

namespace spandrel::pipeline {
namespace {

using config::Node;
using config::NodeEntry;
using config::NodeKind;

Node Text(std::string text) {
  Node node;
  node.kind = NodeKind::kString;
  node.text = std::move(text);
  return node;
}

void Add(Node* mapping, std::string key, Node value) {
  mapping->kind = NodeKind::kMapping;
  mapping->entries.push_back(NodeEntry{std::move(key), {}, std::move(value)});
}

// A line for each thing that the component is stable for: signals, or pairs of them.
Node Stability(const FactoryInfo& info, const std::vector<std::string>& served) {
  Node stability;
  for (const std::string& what : served) Add(&stability, what, Text(info.stability));
  return stability;
}

template <typename Factory>
std::vector<std::string> ServedBy(const Factory& factory) {
  std::vector<std::string> served;
  for (const signal::Signal signal : signal::kAllSignals) {
    if (factory.Serves(signal)) served.emplace_back(signal::SignalName(signal));
  }
  return served;
}

std::vector<std::string> ServedBy(const ConnectorFactory& factory) {
  std::vector<std::string> served;
  for (const signal::Signal from : signal::kAllSignals) {
    for (const signal::Signal to : signal::kAllSignals) {
      if (!factory.create.Serves(from, to)) continue;
      served.push_back(fmt::format("{}-to-{}", signal::SignalName(from), signal::SignalName(to)));
    }
  }
  return served;
}

std::vector<std::string> ServedBy(const ExtensionFactory&) {
  return {"extension"};
}

template <typename Factory>
Node DescribeKind(const std::vector<Factory>& factories) {
  Node list;
  list.kind = NodeKind::kSequence;
  for (const Factory& factory : factories) {
    Node component;
    Add(&component, "name", Text(factory.info.type));
    Node aliases;
    aliases.kind = NodeKind::kSequence;
    for (const std::string& alias : factory.info.aliases) aliases.items.push_back(Text(alias));
    if (!aliases.items.empty()) Add(&component, "aliases", std::move(aliases));
    Add(&component, "stability", Stability(factory.info, ServedBy(factory)));
    Add(&component, "summary", Text(factory.info.summary));
    list.items.push_back(std::move(component));
  }
  return list;
}

}  // namespace

std::string DescribeComponents(const Factories& factories) {
  Node root;
  Add(&root, "receivers", DescribeKind(factories.receivers));
  Add(&root, "processors", DescribeKind(factories.processors));
  Add(&root, "exporters", DescribeKind(factories.exporters));
  Add(&root, "connectors", DescribeKind(factories.connectors));
  Add(&root, "extensions", DescribeKind(factories.extensions));
  return config::RenderYaml(root, {.is_redacted = false});
}

std::string PrintConfig(const ServiceConfig& service, ConfigFormat format) {
  const Node& root = service.document.root;
  return format == ConfigFormat::kJson ? config::RenderJson(root) + "\n" : config::RenderYaml(root);
}

}  // namespace spandrel::pipeline
