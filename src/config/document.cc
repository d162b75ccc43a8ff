// SPDX-License-Identifier: Apache-2.0
#include "config/document.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <unordered_map>

#include "config/words.h"

namespace spandrel::config {
namespace {

constexpr size_t kNodeCost = sizeof(NodeEntry) + 32;

// Where line `line`, counted from 1, starts.
size_t LineStart(std::string_view text, int line) {
  size_t start = 0;
  for (int i = 1; i < line; ++i) {
    const size_t end = text.find('\n', start);
    if (end == std::string_view::npos) return text.size();
    start = end + 1;
  }
  return start;
}

// Ends the parse; the place is known where it is thrown.
struct ParseFailure {
  YAML::Mark mark;
  std::string message;
};

// Builds nodes from the parser's events, on a stack of its own.
class Builder final : public YAML::EventHandler {
 public:
  Builder(std::string file_name, Problems* problems)
      : file_name_(std::move(file_name)), problems_(problems) {}

  Node TakeRoot() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    node.where = At(mark);
    Count(kNodeCost, mark);
    Finish(std::move(node), anchor, mark);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const bool as_string = tag == "!" || tag == "tag:yaml.org,2002:str";
    Node node = PlainScalar(value, At(mark));
    if (as_string) {
      node.kind = NodeKind::kString;
      node.quoted = true;
    }
    Count(kNodeCost + value.size(), mark);
    Finish(std::move(node), anchor, mark);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchored_.find(anchor);
    if (found == anchored_.end()) throw ParseFailure{mark, "an anchor cannot contain itself"};
    const NodeSize size = MeasureNode(found->second);
    if (stack_.size() + size.depth > kMaxDepth) throw ParseFailure{mark, "nested too deep"};
    Count(size.cost, mark);
    Finish(found->second, 0, mark);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(NodeKind::kSequence, mark, anchor);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(NodeKind::kMapping, mark, anchor);
  }
  void OnMapEnd() override { Close(); }

 private:
  struct Frame {
    Node node;
    YAML::Mark mark;
    YAML::anchor_t anchor = 0;
    bool has_key = false;
    std::string key;
    Location key_where;
    std::unordered_map<std::string, int> key_lines;
    std::vector<Node> merged;  // the values of `<<`
  };

  Location At(const YAML::Mark& mark) const { return {file_name_, mark.line + 1, mark.column + 1}; }

  void Open(NodeKind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (stack_.size() >= kMaxDepth) throw ParseFailure{mark, "nested too deep"};
    if (!stack_.empty() && stack_.back().node.is_mapping() && !stack_.back().has_key) {
      throw ParseFailure{mark, "a key must be a scalar"};
    }
    Count(kNodeCost, mark);
    Frame frame;
    frame.node.kind = kind;
    frame.node.where = At(mark);
    frame.mark = mark;
    frame.anchor = anchor;
    stack_.push_back(std::move(frame));
  }

  void Close() {
    Frame frame = std::move(stack_.back());
    stack_.pop_back();
    FillMergeKeys(&frame);
    Finish(std::move(frame.node), frame.anchor, frame.mark);
  }

  void Count(size_t cost, const YAML::Mark& mark) {
    cost_ += cost;
    if (cost_ > kMaxDocumentCost) throw ParseFailure{mark, "the document is too large"};
  }

  // Hands a complete value to what it is in.
  void Finish(Node node, YAML::anchor_t anchor, const YAML::Mark& mark) {
    if (anchor != 0) {
      Count(MeasureNode(node).cost, mark);
      anchored_[anchor] = node;
    }
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& parent = stack_.back();
    if (parent.node.is_sequence()) {
      parent.node.items.push_back(std::move(node));
    } else if (parent.has_key) {
      AddValue(&parent, std::move(node));
    } else {
      TakeKey(&parent, node, mark);
    }
  }

  void TakeKey(Frame* parent, const Node& node, const YAML::Mark& mark) {
    parent->has_key = true;
    parent->key = node.is_null() ? "null" : node.text;
    parent->key_where = At(mark);
  }

  void AddValue(Frame* parent, Node node) {
    parent->has_key = false;
    // The parser tells the place of the next token for a value that is not there.
    if (node.is_null()) node.where = parent->key_where;
    if (parent->key == "<<") {
      parent->merged.push_back(std::move(node));
      return;
    }
    const auto [known, added] = parent->key_lines.emplace(parent->key, parent->key_where.line);
    if (!added) {
      problems_->Add({parent->key_where, "",
                      fmt::format("key {} is written twice, first in line {}", Quote(parent->key),
                                  known->second)});
      return;
    }
    parent->node.entries.push_back({parent->key, parent->key_where, std::move(node)});
  }

  // Keys that stand in the mapping itself win over merged ones, earlier merged ones over later.
  void FillMergeKeys(Frame* frame) {
    std::vector<Node> sources;
    for (Node& merged : frame->merged) {
      if (!merged.is_sequence()) {
        sources.push_back(std::move(merged));
        continue;
      }
      for (Node& item : merged.items) sources.push_back(std::move(item));
    }
    for (Node& source : sources) {
      if (!source.is_mapping()) {
        problems_->Add({source.where, "", "'<<' takes a mapping or a list of mappings"});
        continue;
      }
      for (NodeEntry& entry : source.entries) {
        if (!frame->key_lines.emplace(entry.key, entry.key_where.line).second) continue;
        frame->node.entries.push_back(std::move(entry));
      }
    }
  }

  const std::string file_name_;
  Problems* const problems_;
  std::vector<Frame> stack_;
  std::map<YAML::anchor_t, Node> anchored_;
  size_t cost_ = 0;
  Node root_;
};

Problem SyntaxError(std::string_view text, const std::string& file_name, const YAML::Mark& mark,
                    std::string message) {
  Location where{file_name, mark.line + 1, mark.column + 1};
  if (mark.is_null()) where = {file_name, 1, 1};
  // What the parser says about a tab ("illegal map value") helps nobody.
  const size_t line_start = LineStart(text, where.line);
  const size_t indent_end = text.find_first_not_of(" \t", line_start);
  const std::string_view indent =
      text.substr(line_start, indent_end == std::string_view::npos ? 0 : indent_end - line_start);
  if (const size_t tab = indent.find('\t'); tab != std::string_view::npos) {
    where.column = static_cast<int>(tab) + 1;
    message = "a tab cannot indent YAML; write spaces";
  }
  return {std::move(where), "", std::move(message)};
}

// Runs the parser over the first document. False when it failed, with the reason in `problems`.
bool RunParser(std::string_view text, const std::string& file_name, Builder* builder,
               Problems* problems) {
  try {
    // yaml-cpp 0.7 takes a quoted scalar without an end, if only the file ends with a newline; with
    // a comment there it does not.
    std::istringstream stream{std::string(text) + "\n#"};
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(*builder)) return true;
    Problems ignored;
    Builder second(file_name, &ignored);
    if (parser.HandleNextDocument(second)) {
      problems->Add({{file_name, 1, 1}, "", "only the first YAML document is read", true});
    }
    return true;
  } catch (const ParseFailure& failure) {
    problems->Add(SyntaxError(text, file_name, failure.mark, failure.message));
  } catch (const YAML::Exception& exception) {
    const bool no_end = exception.msg == YAML::ErrorMsg::EOF_IN_SCALAR;
    problems->Add(SyntaxError(text, file_name, exception.mark,
                              no_end ? "a quoted string has no end" : exception.msg));
  }
  return false;
}

}  // namespace

const NodeEntry* Node::Find(std::string_view key) const {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const NodeEntry& entry) { return entry.key == key; });
  return found == entries.end() ? nullptr : &*found;
}

NodeEntry* Node::Find(std::string_view key) {
  return const_cast<NodeEntry*>(static_cast<const Node*>(this)->Find(key));
}

NodeSize MeasureNode(const Node& node) {
  NodeSize size;
  std::vector<std::pair<const Node*, size_t>> rest = {{&node, 1}};
  while (!rest.empty()) {
    const auto [current, depth] = rest.back();
    rest.pop_back();
    size.depth = std::max(size.depth, depth);
    size.cost += kNodeCost + current->text.size();
    for (const Node& item : current->items) rest.emplace_back(&item, depth + 1);
    for (const NodeEntry& entry : current->entries) {
      size.cost += entry.key.size();
      rest.emplace_back(&entry.value, depth + 1);
    }
  }
  return size;
}

base::Result<Document> ParseYaml(std::string_view text, std::string file_name, Problems* problems) {
  if (text.size() > kMaxDocumentBytes) {
    problems->Add({{file_name, 1, 1}, "", "the file is larger than 4 MiB"});
    return base::Status(base::StatusCode::kInvalidArgument, file_name + ": too large");
  }
  Problems found;
  Builder builder(file_name, &found);
  const bool complete = RunParser(text, file_name, &builder, &found);
  for (const Problem& problem : found.all()) problems->Add(problem);
  if (!complete || found.has_errors()) {
    return base::Status(base::StatusCode::kInvalidArgument, file_name + ": not a usable document");
  }
  Document document{builder.TakeRoot()};
  if (document.root.is_null()) document.root.where = {std::move(file_name), 1, 1};
  return document;
}

}  // namespace spandrel::config
