// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "config/decode.h"
#include "config/load.h"
#include "config/render.h"

namespace spandrel::config {
namespace {

// Every variable and file holds the rest of the input, so that values refer to each other.
class FuzzEnvironment final : public Environment {
 public:
  explicit FuzzEnvironment(std::string text) : text_(std::move(text)) {}
  std::optional<std::string> Variable(const std::string& name) const override {
    return name.empty() || name[0] == 'N' ? std::nullopt : std::optional(text_);
  }
  base::Result<std::string> ReadFile(const std::string&) const override { return text_; }

 private:
  const std::string text_;
};

// What the decoder may be asked for.
void DecodeAll(const Node& root, Problems* problems) {
  Decoder decoder(root, problems);
  std::string text;
  int64_t number = 0;
  std::chrono::nanoseconds duration{0};
  std::vector<std::string> list;
  std::vector<std::pair<std::string, std::string>> map;
  decoder.Read("a", &text);
  decoder.Read("b", &number);
  decoder.Read("c", &duration);
  decoder.Read("d", &list);
  decoder.Read("e", &map);
  for (Decoder& child : decoder.Children("f")) child.Read("a", &text);
  decoder.Child("g").Read("a", &text);
}

// What is printed must read back as the same.
void CheckRoundTrip(const Node& root) {
  const RenderOptions options{.is_compact = true, .is_redacted = false};
  Problems problems;
  const auto again = ParseYaml(RenderYaml(root, options), "again", &problems);
  if (!again.ok() || RenderJson(again->root, options) != RenderJson(root, options)) std::abort();
}

}  // namespace
}  // namespace spandrel::config

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace spandrel::config;
  const std::string input(reinterpret_cast<const char*>(data), size);
  const size_t cut = std::min(input.find('\0'), input.size());
  const FuzzEnvironment environment(input.substr(std::min(cut + 1, input.size())));
  Problems problems;
  const auto document = Load({{"fuzz.yaml", input.substr(0, cut)}}, {}, environment, &problems);
  if (document.ok()) {
    DecodeAll(document->root, &problems);
    CheckRoundTrip(document->root);
  }
  problems.SortByPlace();
  (void)problems.ToString();
  return 0;
}
