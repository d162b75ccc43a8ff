// SPDX-License-Identifier: Apache-2.0
#include "config/load.h"

#include <fmt/format.h>

#include <unordered_map>
#include <utility>

#include "config/expand.h"
#include "config/uri.h"
#include "config/words.h"

namespace spandrel::config {
namespace {

std::vector<std::string> SplitKey(std::string_view key, std::string_view separator) {
  std::vector<std::string> parts;
  size_t begin = 0;
  for (size_t end = key.find(separator); end != std::string_view::npos;
       end = key.find(separator, begin)) {
    parts.emplace_back(key.substr(begin, end - begin));
    begin = end + separator.size();
  }
  parts.emplace_back(key.substr(begin));
  return parts;
}

// {a: {b: {c: value}}}
Node Nest(const std::vector<std::string>& keys, const Location& where, Node value) {
  for (auto key = keys.rbegin(); key != keys.rend(); ++key) {
    Node mapping;
    mapping.kind = NodeKind::kMapping;
    mapping.where = where;
    mapping.entries.push_back({*key, where, std::move(value)});
    value = std::move(mapping);
  }
  return value;
}

// {a::b: 1} becomes {a: {b: 1}}.
Node SplitTopLevelKeys(Node root, Problems* problems) {
  Node split;
  split.kind = NodeKind::kMapping;
  split.where = root.where;
  for (NodeEntry& entry : root.entries) {
    const auto keys = SplitKey(entry.key, "::");
    if (keys.size() > kMaxDepth / 2) {
      problems->Add({entry.key_where, "", "nested too deep"});
      continue;
    }
    Merge(&split, Nest(keys, entry.key_where, std::move(entry.value)), problems);
  }
  return split;
}

base::Result<std::string> ReadSource(const Uri& uri, const Environment& environment) {
  if (uri.scheme == "yaml") return std::string(uri.rest);
  if (uri.scheme.empty() || uri.scheme == "file") {
    return environment.ReadFile(std::string(uri.rest));
  }
  if (uri.scheme == "env") {
    if (auto value = environment.Variable(std::string(uri.rest))) return *value;
    return base::Status(base::StatusCode::kInvalidArgument, "not set");
  }
  return base::Status(base::StatusCode::kInvalidArgument, UnknownScheme(uri.scheme));
}

// The document of one source; an empty mapping, with a problem, when there is none.
Node LoadSource(const Source& source, const Environment& environment, Problems* problems) {
  const Uri uri = source.text ? Uri{"", source.uri} : SplitUri(source.uri);
  const bool has_path = uri.scheme.empty() || uri.scheme == "file";
  std::string name(has_path ? uri.rest : uri.scheme == "yaml" ? "yaml" : source.uri);
  auto text = source.text ? base::Result<std::string>(*source.text) : ReadSource(uri, environment);
  if (!text.ok()) {
    problems->Add({{std::move(name)}, "", text.status().message()});
    return {};
  }
  auto document = ParseYaml(*text, std::move(name), problems);
  if (!document.ok()) return {};
  Node root = std::move(document->root);
  if (!root.is_null() && !root.is_mapping()) {
    problems->Add({root.where, "", "a configuration is a mapping, beginning with `receivers:`"});
    return {};
  }
  return uri.scheme == "yaml" ? SplitTopLevelKeys(std::move(root), problems) : std::move(root);
}

void SetPlace(Node* node, const Location& where) {
  std::vector<Node*> rest = {node};
  while (!rest.empty()) {
    Node* current = rest.back();
    rest.pop_back();
    current->where = where;
    for (Node& item : current->items) rest.push_back(&item);
    for (NodeEntry& entry : current->entries) {
      entry.key_where = where;
      rest.push_back(&entry.value);
    }
  }
}

// A `--set` item as a document.
Node LoadSet(const std::string& item, Problems* problems) {
  const size_t equals = item.find('=');
  const std::string path = item.substr(0, equals);
  const Location where{"--set " + path};
  if (equals == std::string::npos || path.empty()) {
    problems->Add({where, "", "write --set a.b.c=value"});
    return {};
  }
  auto value = ParseYaml(std::string_view(item).substr(equals + 1), where.file, problems);
  if (!value.ok()) return {};
  std::vector<std::string> keys;
  for (const std::string& part : SplitKey(path, ".")) {
    for (std::string& key : SplitKey(part, "::")) keys.push_back(std::move(key));
  }
  if (keys.size() + MeasureNode(value->root).depth > kMaxDepth) {
    problems->Add({where, "", "nested too deep"});
    return {};
  }
  SetPlace(&value->root, where);
  return Nest(keys, where, std::move(value->root));
}

struct MergeStep {
  Node* base;
  Node over;
};

// Merges the entries of one mapping; mappings on both sides become further steps.
void MergeMapping(MergeStep step, std::vector<MergeStep>* steps, Problems* problems) {
  std::unordered_map<std::string, size_t> index;
  std::vector<NodeEntry>& entries = step.base->entries;
  for (size_t i = 0; i < entries.size(); ++i) index.emplace(entries[i].key, i);
  std::vector<std::pair<size_t, Node>> both;
  for (NodeEntry& over : step.over.entries) {
    const auto [found, is_new] = index.emplace(over.key, entries.size());
    if (is_new) {
      entries.push_back(std::move(over));
      continue;
    }
    NodeEntry& base = entries[found->second];
    if (base.value.is_mapping() && over.value.is_mapping()) {
      both.emplace_back(found->second, std::move(over.value));
      continue;
    }
    if (base.value.is_mapping() && over.value.is_null() && !base.value.entries.empty()) {
      problems->Add({over.key_where, "",
                     fmt::format("the empty {} overwrites the one from {}", Quote(over.key),
                                 base.value.where.ToString()),
                     true});
    }
    base = std::move(over);
  }
  for (auto& [at, value] : both) steps->push_back({&entries[at].value, std::move(value)});
}

}  // namespace

void Merge(Node* base, Node&& over, Problems* problems) {
  if (over.is_null() && !base->is_null()) return;
  if (!base->is_mapping() || !over.is_mapping()) {
    *base = std::move(over);
    return;
  }
  std::vector<MergeStep> steps;
  steps.push_back({base, std::move(over)});
  while (!steps.empty()) {
    MergeStep step = std::move(steps.back());
    steps.pop_back();
    MergeMapping(std::move(step), &steps, problems);
  }
}

base::Result<Document> Load(const std::vector<Source>& sources,
                            const std::vector<std::string>& sets, const Environment& environment,
                            Problems* problems) {
  const base::Status failed(base::StatusCode::kInvalidArgument, "the configuration cannot be read");
  if (sources.size() > kMaxSources) {
    problems->Add({{"--config"}, "", "more than 100 sources"});
    return failed;
  }
  Document document;
  for (const Source& source : sources) {
    Merge(&document.root, LoadSource(source, environment, problems), problems);
  }
  for (const std::string& item : sets) Merge(&document.root, LoadSet(item, problems), problems);
  if (problems->has_errors()) return failed;
  Expand(&document, environment, problems);
  if (problems->has_errors()) return failed;
  return document;
}

}  // namespace spandrel::config
