// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

#include "opentelemetry/common/attribute_value.h"
#include "opentelemetry/common/key_value_iterable.h"

namespace spandrel::instrument {

namespace common = opentelemetry::common;
namespace nostd = opentelemetry::nostd;

inline nostd::string_view View(std::string_view text) {
  return {text.data(), text.size()};
}

// The attributes a span starts with, on the stack. Keys and texts are borrowed.
class AttributeList final : public common::KeyValueIterable {
 public:
  void Add(const char* key, const common::AttributeValue& value) { items_[size_++] = {key, value}; }
  void AddText(const char* key, std::string_view text) {
    if (!text.empty()) Add(key, View(text));
  }
  void AddPort(const char* key, int port) {
    if (port > 0) Add(key, static_cast<int32_t>(port));
  }

  bool ForEachKeyValue(nostd::function_ref<bool(nostd::string_view, common::AttributeValue)>
                           callback) const noexcept override {
    for (size_t i = 0; i < size_; ++i) {
      if (!callback(items_[i].first, items_[i].second)) return false;
    }
    return true;
  }
  size_t size() const noexcept override { return size_; }

 private:
  static constexpr size_t kMost = 16;
  std::array<std::pair<nostd::string_view, common::AttributeValue>, kMost> items_;
  size_t size_ = 0;
};

}  // namespace spandrel::instrument
