// SPDX-License-Identifier: Apache-2.0
#include "config/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <utility>

#include "base/ascii.h"

namespace spandrel::config {
namespace {

constexpr const char* kRedacted = "[REDACTED]";
constexpr size_t kMaxSimpleKeyBytes = 1024;  // in front of a colon, as YAML 1.2 has it

bool IsSecretKey(std::string_view key) {
  static constexpr std::array<std::string_view, 12> kParts = {
      "password", "passwd",     "secret",  "token",       "api_key", "apikey",
      "api-key",  "credential", "key_pem", "private_key", "headers", "authorization"};
  const std::string lower = base::LowerCase(key);
  if (lower == "inline" || lower.ends_with("_file")) return lower == "inline";
  return std::any_of(kParts.begin(), kParts.end(),
                     [&](std::string_view part) { return lower.find(part) != std::string::npos; });
}

// https://user:password@host becomes https://user:[REDACTED]@host.
std::string HideUrlPassword(const std::string& text) {
  const size_t scheme_end = text.find("://");
  if (scheme_end == std::string::npos) return text;
  const size_t authority = scheme_end + 3;
  const size_t at = text.substr(0, text.find_first_of("/?#", authority)).rfind('@');
  const size_t colon = text.find(':', authority);
  if (at == std::string::npos || at < authority || colon >= at) return text;
  return text.substr(0, colon + 1) + kRedacted + text.substr(at);
}

std::string QuoteJson(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      quoted += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::string NumberText(const Node& node) {
  if (node.kind == NodeKind::kInt) return fmt::format("{}", node.integer);
  return std::isfinite(node.number) ? fmt::format("{}", node.number) : QuoteJson(node.text);
}

std::string ScalarText(const Node& node, bool hides, const RenderOptions& options) {
  if (node.is_null()) return "null";
  if (hides) return QuoteJson(kRedacted);
  switch (node.kind) {
    case NodeKind::kBool:
      return node.boolean ? "true" : "false";
    case NodeKind::kInt:
    case NodeKind::kFloat:
      return NumberText(node);
    default:
      return QuoteJson(options.is_redacted ? HideUrlPassword(node.text) : node.text);
  }
}

// True when YAML reads the text back as the same string without quotes.
bool IsPlainText(std::string_view text) {
  const auto is_plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '/' || c == '.' ||
           c == '-';
  };
  return !text.empty() && text[0] != '-' && text[0] != '.' &&
         std::all_of(text.begin(), text.end(), is_plain) &&
         PlainScalar(text, {}).kind == NodeKind::kString;
}

// The key and its colon, on two lines when it is longer than YAML takes on one.
std::string YamlKey(const std::string& key, size_t indent) {
  const std::string text = IsPlainText(key) ? key : QuoteJson(key);
  if (text.size() <= kMaxSimpleKeyBytes) return text + ":";
  return "? " + text + "\n" + std::string(indent, ' ') + ":";
}

std::string YamlScalar(const Node& node, bool hides, const RenderOptions& options) {
  const bool is_text = node.kind == NodeKind::kString && !hides;
  if (is_text && IsPlainText(node.text)) return node.text;
  if (node.kind == NodeKind::kFloat && !hides && !std::isfinite(node.number)) return node.text;
  return ScalarText(node, hides, options);
}

// A place in a walk over containers: what is shown next.
struct Step {
  const Node* node;
  bool hides;
  size_t next = 0;

  size_t size() const { return node->is_sequence() ? node->items.size() : node->entries.size(); }
  const Node& child() const {
    return node->is_sequence() ? node->items[next] : node->entries[next].value;
  }
  bool HidesChild(const RenderOptions& options) const {
    if (!options.is_redacted) return false;
    if (hides || child().is_secret) return true;
    return node->is_mapping() && IsSecretKey(node->entries[next].key);
  }
};

bool IsContainer(const Node& node) {
  return node.is_mapping() || node.is_sequence();
}

bool IsFilled(const Node& node) {
  return !node.items.empty() || !node.entries.empty();
}

std::string EmptyContainer(const Node& node) {
  return node.is_mapping() ? "{}" : "[]";
}

}  // namespace

std::string RenderYaml(const Node& root, const RenderOptions& options) {
  if (!IsContainer(root)) return YamlScalar(root, false, options) + "\n";
  if (!IsFilled(root)) return EmptyContainer(root) + "\n";
  std::string text;
  std::vector<Step> stack = {{&root, false}};
  bool is_after_dash = false;
  while (!stack.empty()) {
    Step& step = stack.back();
    if (step.next == step.size()) {
      stack.pop_back();
      continue;
    }
    const Node& child = step.child();
    const bool hides = step.HidesChild(options);
    const size_t indent = 2 * (stack.size() - 1);
    if (!is_after_dash) text += std::string(indent, ' ');
    is_after_dash = false;
    text += step.node->is_sequence() ? "-" : YamlKey(step.node->entries[step.next].key, indent);
    ++step.next;
    if (!IsContainer(child)) {
      text += " " + YamlScalar(child, hides, options) + "\n";
    } else if (!IsFilled(child)) {
      text += " " + EmptyContainer(child) + "\n";
    } else {
      is_after_dash = step.node->is_sequence();
      text += is_after_dash ? " " : "\n";
      stack.push_back({&child, hides});
    }
  }
  return text;
}

std::string RenderJson(const Node& root, const RenderOptions& options) {
  if (!IsContainer(root)) return ScalarText(root, false, options);
  const auto new_line = [&](size_t depth) {
    return options.is_compact ? std::string() : "\n" + std::string(2 * depth, ' ');
  };
  std::string text = root.is_mapping() ? "{" : "[";
  std::vector<Step> stack = {{&root, false}};
  while (!stack.empty()) {
    Step& step = stack.back();
    if (step.next == step.size()) {
      if (step.size() > 0) text += new_line(stack.size() - 1);
      text += step.node->is_mapping() ? "}" : "]";
      stack.pop_back();
      continue;
    }
    if (step.next > 0) text += ",";
    text += new_line(stack.size());
    if (step.node->is_mapping()) {
      text += QuoteJson(step.node->entries[step.next].key) + (options.is_compact ? ":" : ": ");
    }
    const Node& child = step.child();
    const bool hides = step.HidesChild(options);
    ++step.next;
    if (IsContainer(child)) {
      text += child.is_mapping() ? "{" : "[";
      stack.push_back({&child, hides});
    } else {
      text += ScalarText(child, hides, options);
    }
  }
  return text;
}

}  // namespace spandrel::config
