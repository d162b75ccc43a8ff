// SPDX-License-Identifier: Apache-2.0
#include "config/expand.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "config/uri.h"
#include "config/words.h"

namespace spandrel::config {
namespace {

// `${...}` in a text.
struct Reference {
  size_t begin = 0;
  size_t size = 0;

  std::string_view In(std::string_view text) const { return text.substr(begin, size); }
};

// The first `${...}` that holds no other and is not escaped.
std::optional<Reference> FindInnermost(std::string_view text) {
  std::vector<size_t> open;
  for (size_t i = 0; i < text.size(); ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (text[i] == '$' && next == '$') {
      ++i;
    } else if (text[i] == '$' && next == '{') {
      open.push_back(i++);
    } else if (text[i] == '}' && !open.empty()) {
      return Reference{open.back(), i + 1 - open.back()};
    }
  }
  return std::nullopt;
}

std::string UnescapeDollars(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    plain += text[i];
    if (text.substr(i).starts_with("$$")) ++i;
  }
  return plain;
}

bool IsVariableName(std::string_view name) {
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
         std::all_of(name.begin(), name.end(), is_word);
}

// What a reference gave.
struct Resolved {
  std::string source;  // names the text in messages: "env:X", the file
  std::string text;
  bool is_string = false;  // also where YAML would see something else in it
};

class Expander {
 public:
  Expander(const Environment& environment, Problems* problems)
      : environment_(environment), problems_(problems) {}

  void Run(Node* root) {
    work_.push_back({root, "", 1});
    while (!work_.empty()) {
      Work work = std::move(work_.back());
      work_.pop_back();
      if (work.node->kind == NodeKind::kString) ExpandScalar(work);
      for (size_t i = 0; i < work.node->items.size(); ++i) {
        Push(work, std::to_string(i), &work.node->items[i]);
      }
      for (NodeEntry& entry : work.node->entries) Push(work, entry.key, &entry.value);
    }
  }

 private:
  struct Work {
    Node* node;
    std::string path;
    size_t depth;
  };

  void Push(const Work& parent, const std::string& key, Node* node) {
    work_.push_back({node, parent.path.empty() ? key : parent.path + "::" + key, parent.depth + 1});
  }

  void Report(const Work& work, std::string message, bool is_warning = false) {
    problems_->Add({work.node->where, work.path, std::move(message), is_warning});
  }

  void ExpandScalar(const Work& work) {
    std::string text = work.node->text;
    bool is_whole = false;
    for (int rounds = 0; const auto reference = FindInnermost(text); ++rounds) {
      read_bytes_ += text.size();
      if (rounds >= kMaxExpansionsOfValue || ++expansions_ > kMaxExpansions ||
          read_bytes_ > kMaxExpansionBytes) {
        return Report(work, "too many expansions; does a value refer to itself?");
      }
      const auto resolved = Resolve(work, reference->In(text));
      if (!resolved) return;
      is_whole = reference->size == text.size();
      if (is_whole) {
        if (ReplaceByYaml(work, *resolved, &text)) return;
      } else {
        text.replace(reference->begin, reference->size, resolved->text);
      }
      if (text.size() > kMaxDocumentBytes) return Report(work, "expands to more than 4 MiB");
    }
    work.node->text = UnescapeDollars(text);
    work.node->expanded = is_whole;
  }

  // Gives the node what the text is as YAML. False for a string, which goes to `text`.
  bool ReplaceByYaml(const Work& work, const Resolved& resolved, std::string* text) {
    Problems ignored;
    auto document = ParseYaml(resolved.text, resolved.source, &ignored);
    const bool is_string =
        resolved.is_string || !document.ok() || document->root.kind == NodeKind::kString;
    if (is_string) {
      const bool is_quoted = document.ok() && document->root.quoted;
      *text = is_quoted ? document->root.text : resolved.text;
      return false;
    }
    const NodeSize size = MeasureNode(document->root);
    cost_ += size.cost;
    if (work.depth + size.depth > kMaxDepth || cost_ > kMaxDocumentCost) {
      Report(work, "expands to too deep or too large a document");
      return true;
    }
    Node node = std::move(document->root);
    if (!node.is_mapping() && !node.is_sequence()) node.where = work.node->where;
    node.text = resolved.text;
    node.expanded = true;
    *work.node = std::move(node);
    return true;
  }

  std::optional<Resolved> Resolve(const Work& work, std::string_view reference) {
    const std::string_view inner = reference.substr(2, reference.size() - 3);
    const Uri uri = SplitUri(inner);
    if (uri.scheme == "env") return ResolveVariable(work, uri.rest);
    if (uri.scheme == "yaml") return Resolved{"yaml", std::string(uri.rest)};
    if (uri.scheme == "file") return ResolveFile(work, std::string(uri.rest));
    if (uri.scheme.empty() || uri.rest.starts_with('-')) return ResolveVariable(work, inner);
    Report(work, UnknownScheme(uri.scheme));
    return std::nullopt;
  }

  std::optional<Resolved> ResolveFile(const Work& work, const std::string& path) {
    auto text = environment_.ReadFile(path);
    if (!text.ok()) {
      Report(work, fmt::format("file {}: {}", Quote(path), text.status().message()));
      return std::nullopt;
    }
    // A file that holds one token ends with a newline that is not part of it.
    while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
    return Resolved{path, std::move(*text)};
  }

  std::optional<Resolved> ResolveVariable(const Work& work, std::string_view text) {
    const size_t separator = text.find(":-");
    const std::string name(text.substr(0, separator));
    if (!IsVariableName(name)) {
      Report(work, fmt::format("{} is not the name of an environment variable; write $${{...}} for "
                               "the text itself",
                               Quote(name)));
      return std::nullopt;
    }
    const std::string source = "env:" + name;
    if (auto value = environment_.Variable(name)) return Resolved{source, std::move(*value)};
    if (separator != std::string_view::npos) {
      std::string fallback(text.substr(separator + 2));
      // An empty default is an empty string, not null.
      const bool is_empty = fallback.empty();
      return Resolved{source, std::move(fallback), is_empty};
    }
    Report(work, fmt::format("environment variable {} is not set", name), true);
    return Resolved{source, ""};
  }

  const Environment& environment_;
  Problems* const problems_;
  std::vector<Work> work_;
  int expansions_ = 0;
  size_t read_bytes_ = 0;
  size_t cost_ = 0;
};

}  // namespace

void Expand(Document* document, const Environment& environment, Problems* problems) {
  Expander(environment, problems).Run(&document->root);
}

}  // namespace spandrel::config
