// SPDX-License-Identifier: Apache-2.0
#include "config/decode.h"

#include <fmt/format.h>

#include <cmath>
#include <set>

#include "base/ascii.h"
#include "base/go_duration.h"
#include "config/byte_size.h"
#include "config/document.h"
#include "config/words.h"

namespace spandrel::config {
namespace {

const Node& EmptyNode() {
  static const Node node;
  return node;
}

// What was found, for "expected a number, found ...". Text that may be a secret is not shown.
std::string Describe(const Node& node, bool is_secret = false) {
  switch (node.kind) {
    case NodeKind::kNull:
      return "nothing";
    case NodeKind::kSequence:
      return "a list";
    case NodeKind::kMapping:
      return "a mapping";
    case NodeKind::kString:
      return is_secret ? "a string" : "the string " + Quote(node.text);
    case NodeKind::kBool:
      return is_secret ? "a bool" : "the bool " + node.text;
    case NodeKind::kInt:
    case NodeKind::kFloat:
      return is_secret ? "a number" : "the number " + node.text;
  }
  return "";
}

std::string Mismatch(std::string_view wanted, const Node& node) {
  return fmt::format("expected {}, found {}", wanted, Describe(node));
}

// A quoted scalar that would be right without its quotes.
bool IsNeedlesslyQuoted(const Node& node, NodeKind wanted) {
  return node.quoted && PlainScalar(node.text, {}).kind == wanted;
}

std::vector<std::string> SplitAtCommas(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const size_t comma = text.find(',');
    parts.emplace_back(base::Trim(text.substr(0, comma)));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return parts;
}

// Fits int64_t without loss.
bool IsWholeNumber(const Node& node) {
  return node.kind == NodeKind::kInt ||
         (node.kind == NodeKind::kFloat && std::abs(node.number) < 9e15 &&
          std::trunc(node.number) == node.number);
}

}  // namespace

struct Decoder::State {
  const Node& node;
  Location where;  // of the mapping; of the one around it when it is absent or null
  Problems* problems;
  std::string path;
  std::set<std::string, std::less<>> known;

  std::string PathOf(std::string_view key) const {
    if (key.empty()) return path;
    return path.empty() ? std::string(key) : fmt::format("{}::{}", path, key);
  }

  // The value of `key`; null when it is absent or null.
  const Node* Take(std::string_view key) {
    known.emplace(key);
    const NodeEntry* entry = node.Find(key);
    return entry == nullptr || entry->value.is_null() ? nullptr : &entry->value;
  }

  void AddProblem(const Node& at, std::string at_path, std::string message) {
    problems->Add({at.where, std::move(at_path), std::move(message)});
  }
  void AddProblemAtKey(std::string_view key, std::string message, bool is_warning) {
    const NodeEntry* entry = node.Find(key);
    problems->Add({entry == nullptr ? where : entry->value.where, PathOf(key), std::move(message),
                   is_warning});
  }
  void AddMismatch(const Node& at, std::string_view key, std::string_view wanted) {
    AddProblem(at, PathOf(key), Mismatch(wanted, at));
  }

  // The text of a string, or of an expanded value of any type.
  const std::string* TakeText(const Node& value, std::string_view key, bool is_secret) {
    if (value.kind == NodeKind::kString || value.expanded) return &value.text;
    std::string message = "expected a string, found " + Describe(value, is_secret);
    if (value.is_scalar()) message += "; put it in quotes";
    AddProblem(value, PathOf(key), std::move(message));
    return nullptr;
  }

  void ReadPair(const Node& item, std::string_view key,
                std::vector<std::pair<std::string, std::string>>* pairs) {
    const NodeEntry* name = item.Find("name");
    const NodeEntry* value = item.Find("value");
    if (name == nullptr || value == nullptr || item.entries.size() != 2) {
      AddProblem(item, PathOf(key), "expected an item with the keys 'name' and 'value'");
      return;
    }
    const std::string* name_text = TakeText(name->value, key, false);
    const std::string* value_text = TakeText(value->value, key, true);
    if (name_text != nullptr && value_text != nullptr) pairs->emplace_back(*name_text, *value_text);
  }

  void ReportUnknownKeys() {
    const std::vector<std::string> words(known.begin(), known.end());
    for (const NodeEntry& entry : node.entries) {
      if (known.contains(entry.key)) continue;
      std::string hint = DidYouMean(entry.key, words);
      if (hint.empty() && !words.empty() && words.size() <= 16) {
        hint = "; known here: " + JoinWords(words, ", ");
      }
      problems->Add(
          {entry.key_where, path, fmt::format("unknown key {}{}", Quote(entry.key), hint)});
    }
  }
};

Decoder::Decoder(const Node& node, Problems* problems, std::string path)
    : state_(new State{
          node.is_mapping() ? node : EmptyNode(), node.where, problems, std::move(path), {}}) {
  if (!node.is_mapping() && !node.is_null()) state_->AddMismatch(node, "", "a mapping");
}

Decoder::Decoder(Decoder&&) noexcept = default;

Decoder::~Decoder() {
  if (state_) state_->ReportUnknownKeys();
}

void Decoder::Read(std::string_view key, std::string* value) {
  const Node* node = state_->Take(key);
  if (node == nullptr) return;
  if (const std::string* text = state_->TakeText(*node, key, false)) *value = *text;
}

void Decoder::Read(std::string_view key, Secret* value) {
  const Node* node = state_->Take(key);
  if (node == nullptr) return;
  node->is_secret = true;
  if (const std::string* text = state_->TakeText(*node, key, true)) value->value = *text;
}

void Decoder::Read(std::string_view key, bool* value) {
  const Node* node = state_->Take(key);
  if (node == nullptr) return;
  if (node->kind == NodeKind::kBool) {
    *value = node->boolean;
    return;
  }
  std::string message = Mismatch("true or false", *node);
  if (IsNeedlesslyQuoted(*node, NodeKind::kBool)) message += "; remove the quotes";
  state_->AddProblem(*node, state_->PathOf(key), std::move(message));
}

void Decoder::Read(std::string_view key, int64_t* value) {
  const Node* node = state_->Take(key);
  if (node == nullptr) return;
  if (IsWholeNumber(*node)) {
    *value = node->kind == NodeKind::kInt ? node->integer : static_cast<int64_t>(node->number);
    return;
  }
  std::string message = Mismatch("a whole number", *node);
  if (IsNeedlesslyQuoted(*node, NodeKind::kInt)) message += "; remove the quotes";
  state_->AddProblem(*node, state_->PathOf(key), std::move(message));
}

void Decoder::Read(std::string_view key, double* value) {
  const Node* node = state_->Take(key);
  if (node == nullptr) return;
  if (node->kind == NodeKind::kInt || node->kind == NodeKind::kFloat) {
    *value = node->number;
    return;
  }
  state_->AddMismatch(*node, key, "a number");
}

void Decoder::Read(std::string_view key, std::chrono::nanoseconds* value) {
  const Node* node = state_->Take(key);
  if (node == nullptr) return;
  const bool is_zero = node->kind == NodeKind::kInt && node->integer == 0;
  if (node->kind != NodeKind::kString && !is_zero) {
    std::string message = Mismatch("a duration", *node);
    if (node->kind == NodeKind::kInt) message += fmt::format("; give it a unit: {}s", node->text);
    state_->AddProblem(*node, state_->PathOf(key), std::move(message));
    return;
  }
  const auto duration = base::ParseGoDuration(is_zero ? "0" : std::string_view(node->text));
  if (duration.ok()) {
    *value = *duration;
  } else {
    state_->AddProblem(*node, state_->PathOf(key), duration.status().message());
  }
}

void Decoder::Read(std::string_view key, ByteSize* value) {
  const Node* node = state_->Take(key);
  if (node == nullptr) return;
  if (node->kind == NodeKind::kInt && node->integer >= 0) {
    value->bytes = static_cast<uint64_t>(node->integer);
    return;
  }
  if (node->kind != NodeKind::kString) return state_->AddMismatch(*node, key, "a size");
  const auto size = ParseByteSize(node->text);
  if (size.ok()) {
    value->bytes = *size;
  } else {
    state_->AddProblem(*node, state_->PathOf(key), size.status().message());
  }
}

void Decoder::Read(std::string_view key, std::vector<std::string>* value) {
  const Node* node = state_->Take(key);
  if (node == nullptr) return;
  if (!node->is_sequence()) {
    if (node->kind == NodeKind::kString) {
      *value = SplitAtCommas(node->text);
    } else {
      state_->AddMismatch(*node, key, "a list");
    }
    return;
  }
  std::vector<std::string> items;
  for (size_t i = 0; i < node->items.size(); ++i) {
    const std::string* text =
        state_->TakeText(node->items[i], fmt::format("{}::{}", key, i), false);
    if (text != nullptr) items.push_back(*text);
  }
  *value = std::move(items);
}

void Decoder::Read(std::string_view key, std::vector<std::pair<std::string, std::string>>* value) {
  const Node* node = state_->Take(key);
  if (node == nullptr) return;
  std::vector<std::pair<std::string, std::string>> pairs;
  if (node->is_sequence()) {
    for (size_t i = 0; i < node->items.size(); ++i) {
      state_->ReadPair(node->items[i], fmt::format("{}::{}", key, i), &pairs);
    }
  } else if (node->is_mapping()) {
    for (const NodeEntry& entry : node->entries) {
      const std::string* text =
          state_->TakeText(entry.value, fmt::format("{}::{}", key, entry.key), true);
      if (text != nullptr) pairs.emplace_back(entry.key, *text);
    }
  } else {
    return state_->AddMismatch(*node, key, "a mapping");
  }
  *value = std::move(pairs);
}

const Node* Decoder::ReadAny(std::string_view key) {
  return state_->Take(key);
}

bool Decoder::Has(std::string_view key) const {
  state_->known.emplace(key);
  return state_->node.Find(key) != nullptr;
}

Decoder Decoder::Child(std::string_view key) {
  const Node* node = state_->Take(key);
  Decoder child(node == nullptr ? EmptyNode() : *node, state_->problems, state_->PathOf(key));
  if (node == nullptr) {
    const NodeEntry* entry = state_->node.Find(key);
    child.state_->where = entry == nullptr ? state_->where : entry->key_where;
  }
  return child;
}

std::vector<Decoder> Decoder::Children(std::string_view key) {
  std::vector<Decoder> children;
  const Node* node = state_->Take(key);
  if (node == nullptr) return children;
  if (!node->is_sequence()) {
    state_->AddMismatch(*node, key, "a list");
    return children;
  }
  for (size_t i = 0; i < node->items.size(); ++i) {
    children.emplace_back(node->items[i], state_->problems,
                          fmt::format("{}::{}", state_->PathOf(key), i));
  }
  return children;
}

void Decoder::Ignore(std::string_view key, std::string_view why) {
  state_->known.emplace(key);
  const NodeEntry* entry = state_->node.Find(key);
  if (entry == nullptr || why.empty()) return;
  state_->problems->Add({entry->key_where, state_->PathOf(key), std::string(why), true});
}

Location Decoder::WhereOf(std::string_view key) const {
  const NodeEntry* entry = state_->node.Find(key);
  return entry == nullptr ? state_->where : entry->value.where;
}

std::string Decoder::PathOf(std::string_view key) const {
  return state_->PathOf(key);
}

void Decoder::Error(std::string_view key, std::string message) {
  state_->AddProblemAtKey(key, std::move(message), false);
}

void Decoder::Warn(std::string_view key, std::string message) {
  state_->AddProblemAtKey(key, std::move(message), true);
}

}  // namespace spandrel::config
